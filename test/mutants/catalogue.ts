import type { Hunt } from "./hunt.ts";

/** A mutant, and where it is hunted: until the first hunt that catches it. Its patch is `patches/NAME.patch`. */
export interface Mutant {
  readonly name: string;
  readonly hunts: readonly Hunt[];
  /** Whether the first hunt is quick enough for every run of the tests. */
  readonly isSample?: boolean;
}

/** The swarm with its defaults: what `quorate simulate raft` does. */
const swarm: Hunt = { by: "simulate", runsMax: 4000 };
/** Every order of events in three members. */
const orders: Hunt = { by: "explore" };
/** A sentence of a paper at a time, on one member alone. */
const papers = (...names: readonly string[]): Hunt => ({
  by: "tests",
  files: names.map((name) => `src/protocols/raft/paper-${name}.test.ts`),
});

/** Well-known mistakes of Raft's implementers, and some that were made here. */
export const mutants: readonly Mutant[] = [
  { name: "vote-forgotten-across-restart", hunts: [swarm, orders], isSample: true },
  { name: "vote-before-persist", hunts: [orders, swarm] },
  { name: "own-vote-before-persist", hunts: [papers("elections")] },
  { name: "two-votes-a-term", hunts: [swarm, orders], isSample: true },
  { name: "stale-log-elected", hunts: [swarm, orders], isSample: true },
  { name: "pre-vote-against-live-leader", hunts: [swarm, papers("elections")] },
  { name: "old-term-entries-counted", hunts: [swarm, orders] },
  { name: "answer-before-persist", hunts: [swarm, orders], isSample: true },
  { name: "leader-counts-unsynced-entries", hunts: [swarm, orders], isSample: true },
  { name: "previous-term-not-checked", hunts: [swarm] },
  { name: "truncation-on-every-append", hunts: [swarm] },
  { name: "backtracking-below-match", hunts: [swarm, papers("replication")] },
  { name: "commit-from-stale-leader", hunts: [swarm] },
  { name: "heartbeat-commit-not-capped", hunts: [swarm] },
  { name: "delivered-before-durable", hunts: [swarm], isSample: true },
  { name: "snapshot-over-newer-log", hunts: [swarm, papers("snapshots")] },
  { name: "read-without-barrier", hunts: [swarm] },
  { name: "read-before-first-commit", hunts: [swarm], isSample: true },
  { name: "lease-with-drifting-clock", hunts: [swarm, papers("leases")] },
  { name: "lease-from-answer", hunts: [swarm, papers("leases")] },
  { name: "lease-outlives-handover", hunts: [swarm, papers("leases")] },
  { name: "no-joint-membership", hunts: [swarm] },
  { name: "outgoing-not-asked", hunts: [swarm, papers("membership")] },
  { name: "learner-counted", hunts: [swarm], isSample: true },
  { name: "removed-member-disrupts", hunts: [swarm, papers("removal")] },
  { name: "old-session-acknowledges", hunts: [swarm, papers("removal")] },
  { name: "handover-to-lagging", hunts: [swarm], isSample: true },
  { name: "duplicate-request-applied-twice", hunts: [swarm], isSample: true },
  { name: "session-lost-in-snapshot", hunts: [swarm], isSample: true },
  {
    name: "torn-tail-accepted",
    hunts: [{ by: "tests", files: ["src/runtime/logs/wal/recovery.test.ts"] }],
    isSample: true,
  },
];
