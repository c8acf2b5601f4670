import type { NodeId } from "../../base/ids.ts";

/** The number of one attempt to decide; no two nodes ever use the same. */
export interface Ballot {
  readonly round: number;
  readonly node: NodeId;
}
