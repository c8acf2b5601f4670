import { causalOrder } from "./causal-order.ts";
import { type MemberLog, numberLogs } from "./logs.ts";
import { agreement, fifoOrder, integrity, type Property, totalOrder, validity } from "./properties.ts";

/** What a broadcast may promise, after Hadzilacos and Toueg; `agreement` and `total-order` are the uniform ones. */
export type BroadcastProperty = "validity" | "agreement" | "integrity" | "total-order" | "fifo-order" | "causal-order";

/** A property that does not hold, with the first place where it does not. */
export interface BroadcastFault {
  readonly property: BroadcastProperty;
  /** `a delivered x before y, and b delivered y before x`. */
  readonly counterexample: string;
}

/** What checking logs came to. */
export interface BroadcastVerdict {
  readonly kind: "ok" | "violation";
  readonly faults: readonly BroadcastFault[];
  /** A line for each property. */
  text(): string;
}

const checks: Readonly<Record<BroadcastProperty, Property>> = {
  validity,
  agreement,
  integrity,
  "total-order": totalOrder,
  "fifo-order": fifoOrder,
  "causal-order": causalOrder,
};

/** All properties. */
export const broadcastProperties: readonly BroadcastProperty[] = Object.keys(checks) as BroadcastProperty[];

/**
 * Whether what members broadcast and delivered keeps what a protocol promises; by default, all properties.
 *
 * Validity and agreement speak of what happens eventually: take the logs when everything is quiet.
 */
export function checkBroadcast(
  logs: readonly MemberLog[],
  properties: readonly BroadcastProperty[] = broadcastProperties,
): BroadcastVerdict {
  const numbered = numberLogs(logs);
  const faults = properties.flatMap((property): BroadcastFault[] => {
    const counterexample = checks[property](numbered);
    return counterexample === undefined ? [] : [{ property, counterexample }];
  });
  const found = new Map(faults.map(({ property, counterexample }) => [property, counterexample]));
  return {
    kind: faults.length === 0 ? "ok" : "violation",
    faults,
    text: () => properties.map((property) => `${property}: ${found.get(property) ?? "holds"}`).join("\n"),
  };
}
