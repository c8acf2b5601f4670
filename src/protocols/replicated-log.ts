import type { Bytes } from "../base/bytes.ts";
import type { NodeId } from "../base/ids.ts";

/** A place in the log: the `index`-th entry (from 1), written in `term`. `{0, 0}` is before the first. */
export interface Position {
  readonly index: number;
  readonly term: number;
}

/** One step of the agreed order. Cores never read `payload`. */
export interface Entry {
  readonly term: number;
  /** `none` opens a term and carries nothing; `members` is the protocol's own; `payload` is the owner's. */
  readonly kind: "none" | "payload" | "members";
  readonly payload: Bytes;
}

/** A member and where it listens: the address is the transport's business, opaque here. */
export interface Member {
  readonly id: NodeId;
  readonly address: string;
}

/** Identifies one snapshot, wherever it is stored: the applied state after entry `index`. */
export interface SnapshotName extends Position {
  /** Size of its content, in bytes. */
  readonly bytes: number;
  /** CRC-32 of its content: two members may hold different bytes for the same state. */
  readonly checksum: number;
}

/** Whether two names are of the same bytes, wherever they are stored. */
export function isSameSnapshot(one: SnapshotName, other: SnapshotName): boolean {
  const isSamePlace = one.index === other.index && one.term === other.term;
  return isSamePlace && one.bytes === other.bytes && one.checksum === other.checksum;
}

/** Why a request was refused. A refusal means: certainly not appended. */
export type Reason =
  /** No leader is known here, or it was lost before it could answer. */
  | "no-leader"
  /** A bound is reached: uncommitted bytes, waiting reads, or delivery behind. */
  | "busy"
  /** One payload is larger than the log takes. */
  | "too-large"
  /** The node is on its way out. */
  | "stopping"
  /** The node cannot store anything at present. */
  | "disk-full";

/** What a core needs from storage to go on; answered by a `supply` of the same number. */
export type Want =
  | { readonly kind: "entries"; readonly from: number; readonly bytesMax: number }
  | { readonly kind: "chunk"; readonly snapshot: SnapshotName; readonly offset: number; readonly bytesMax: number };

/** The answer to a `want`. `gone`: it is not stored any more. */
export type Found =
  /** Stored entries from `from` on; at least one. */
  | { readonly kind: "entries"; readonly from: number; readonly entries: readonly Entry[] }
  | { readonly kind: "chunk"; readonly offset: number; readonly bytes: Bytes }
  | { readonly kind: "gone" };

/** What the owner of a replicated log may ask of it. Numbers (`id`) are the owner's, never used twice. */
export type LogRequest =
  /** At least one payload; appended all or none; each commits by itself. */
  | { readonly kind: "propose"; readonly id: number; readonly payloads: readonly Bytes[] }
  /** Asks from which index on a local read is linearizable. */
  | { readonly kind: "barrier"; readonly id: number }
  /** The owner has taken in all entries through `index`: credit for delivery. */
  | { readonly kind: "applied"; readonly index: number }
  /** A snapshot of the applied state is durable; older entries may go. */
  | { readonly kind: "snapshotTaken"; readonly snapshot: SnapshotName }
  | { readonly kind: "resign"; readonly reason: "disk-full" | "stopping" }
  /** The hindrance behind an earlier `resign` is gone. */
  | { readonly kind: "resume" }
  | { readonly kind: "supply"; readonly want: number; readonly found: Found };

/** What became of an accepted proposal: committed, certainly never to be, or not knowable here. */
export type Settlement = "applied" | "lost" | "unknown";

/** What a replicated log tells its owner. */
export type LogOutput =
  /** The leader has appended proposal `id`, payload by payload, at `index` … `index + count - 1`; no promise yet. */
  | {
      readonly kind: "accepted";
      readonly id: number;
      readonly term: number;
      readonly index: number;
      readonly count: number;
    }
  /** Proposal or barrier `id` was certainly not appended. */
  | { readonly kind: "refused"; readonly id: number; readonly reason: Reason; readonly leader: NodeId | undefined }
  /** What became of proposal `id`; follows `accepted`, or comes alone when its fate cannot be learnt. */
  | { readonly kind: "settled"; readonly id: number; readonly outcome: Settlement }
  /** Reads `ids` are linearizable once everything through `index` is applied. */
  | { readonly kind: "readable"; readonly ids: readonly number[]; readonly index: number }
  /** Entries from `from` on: committed, and durable here. Without gap or repetition. */
  | { readonly kind: "committed"; readonly from: number; readonly entries: readonly Entry[] }
  /** Replace the applied state by this snapshot, durable here; entries after it follow. */
  | { readonly kind: "restore"; readonly snapshot: SnapshotName }
  | { readonly kind: "want"; readonly want: number; readonly what: Want }
  | { readonly kind: "leader"; readonly term: number; readonly leader: NodeId | undefined };
