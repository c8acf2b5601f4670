/** How much of total order is explored; counts are of the whole group. */
export interface TotalOrderLimits {
  /** In the group's first view; 0: those who seek have to found one. */
  readonly members: number;
  /** Processes that seek a group. */
  readonly seekers: number;
  readonly delivery: "uniform" | "agreed";
  /** `lost`: a seed that starts again does not know what it promised when a group was founded. */
  readonly memory: "kept" | "lost";
  /** Messages multicast, by whichever members. */
  readonly multicasts: number;
  /** Members that are asked to leave. */
  readonly leaves: number;
  /** How often somebody sets out to end a view, or to found a group. */
  readonly attempts: number;
  /** How often somebody repeats all that was not acknowledged or answered. */
  readonly repeats: number;
  /** How often somebody says that it lives, with nothing to say. */
  readonly keepAlives: number;
  /** How often somebody applies for membership. */
  readonly applications: number;
}
