import type { OperationEvent } from "../../checker/operations/event.ts";
import type { Judgement, Validity } from "../../checker/operations/judgement.ts";
import type { JournalMessage, TrafficCounts } from "./journal.ts";
import type { FaultKind } from "./options.ts";

/** A time in which something was broken on purpose. */
export interface FaultBand {
  readonly kind: FaultKind;
  /** Whom it met and how, such as `n0 n1 | n2`. */
  readonly what: string;
  /** Whole nanoseconds since the test began; a fault that nothing ended ends with the test. */
  readonly fromNs: number;
  readonly toNs: number;
}

/** A part of the verdict, such as `workload`, `availability` or `nodes`. */
export interface Part extends Judgement {
  readonly name: string;
}

/** All that is known of a test after its end: what the report shows and the store keeps. */
export interface RecordedRun {
  readonly workload: string;
  /** What repeats it: the words after `quorate`. */
  readonly command: readonly string[];
  readonly seed: number;
  /** ISO 8601, of the wall clock. */
  readonly startedAt: string;
  readonly durationNs: number;
  /** Nodes in order; services and clients appear in messages. */
  readonly nodes: readonly string[];
  readonly history: readonly OperationEvent[];
  /** The first, in the order of sending: as many as the journal keeps. */
  readonly messages: readonly JournalMessage[];
  readonly traffic: TrafficCounts;
  readonly bands: readonly FaultBand[];
  readonly valid: Validity;
  readonly parts: readonly Part[];
}

/** Messages that servers sent each other for each operation asked for: Maelstrom's measure. None without operations. */
export function messagesPerOperation({
  history,
  traffic,
}: Pick<RecordedRun, "history" | "traffic">): number | undefined {
  const operations = history.filter(({ type }) => type === "invoke").length;
  const { sent, doubled } = traffic.servers;
  return operations === 0 ? undefined : (sent - doubled) / operations;
}
