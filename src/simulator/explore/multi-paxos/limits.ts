/** How much of Multi-Paxos is explored; counts are of the whole group. */
export interface PaxosLimits {
  /** Voters of the first epoch. */
  readonly members: number;
  /** Its learners: who may become voters. */
  readonly learners: number;
  /** `new`: nothing has happened yet. `led`: the first member leads, and all that came of that is done. */
  readonly start: "new" | "led";
  /**
   * `free`: a member that may lead a view prepares it at any time, for what is said about that beforehand binds nobody.
   * `asked`: it asks for it by View_Change, once nobody is heard to lead.
   */
  readonly elections: "free" | "asked";
  /** Nobody leads a later view, in each epoch. */
  readonly views: number;
  /** How often somebody's patience ends, with `asked` elections. */
  readonly timeouts: number;
  /** Updates proposed. */
  readonly proposals: number;
  /** Linearizable reads. */
  readonly reads: number;
  /** Who is asked for both. */
  readonly ask: "leader" | "any";
  readonly heartbeats: number;
  /** How often somebody repeats all that was not answered. */
  readonly repeats: number;
  /** How often somebody says which view it has installed; 0: nobody that is behind is told so either. */
  readonly proofs: number;
  /** How often somebody asks another for what is ordered. */
  readonly questions: number;
  /** How often a member saves a snapshot, and forgets what it holds. */
  readonly snapshots: number;
  /** Changes of members: all learners become voters. */
  readonly changes: number;
  /** How many of the first voters stay when members change. */
  readonly stay: number;
  /** How often a leader hands over to another. */
  readonly transfers: number;
  /** How far proposals run ahead of what is ordered. */
  readonly alpha: number;
  /** As the core's setting: whether voters tell the leader alone what they accepted, or each other. */
  readonly acceptsTo: "leader" | "all";
  /** As the core's setting: with 1 each message carries one update. */
  readonly runBytesMax: number;
}
