/** How much of gossip is explored; counts are of the whole group. */
export interface GossipLimits {
  readonly members: number;
  /** `star`: the members' own tree over all links, which is a star around the first member while that is there. */
  readonly topology: "line" | "ring" | "star" | "full";
  /** Whether payloads that everyone has are kept, for members that start again. */
  readonly kept: "all" | "none";
  /** Rumours submitted, by whichever members. */
  readonly rumours: number;
  /** How often a member's patience with what is on its way to another ends: it repeats that, or takes it for lost. */
  readonly repeats: number;
  /** How often a host believes that a link broke. */
  readonly cuts: number;
  /** How often one that is lost is asked whether it is back. */
  readonly probes: number;
  /** How often two members compare what they know, though nothing happened. */
  readonly syncs: number;
  /** How often a member looks for what everyone holds. */
  readonly settles: number;
}
