import type { NodeId } from "../../base/ids.ts";

/** The number of one attempt to decide; no two nodes ever use the same. */
export interface Ballot {
  readonly round: number;
  readonly node: NodeId;
}

/** Below 0, 0 or above 0, as `one` is lower than, equal to or higher than `other`: by round, then by node. */
export function compareBallots(one: Ballot, other: Ballot): number {
  if (one.round !== other.round) return one.round - other.round;
  return one.node < other.node ? -1 : Number(one.node > other.node);
}
