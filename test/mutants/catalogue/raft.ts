import type { Hunt } from "../hunt.ts";
import type { Mutant } from "./mutant.ts";

/** The swarm with its defaults: what `quorate simulate raft` does. */
const swarm: Hunt = { by: "simulate", protocol: "raft", runsMax: 4000 };
/** Every order of events in three members. */
const orders: Hunt = { by: "explore", protocol: "raft" };
/** A sentence of a paper at a time, on one member alone. */
const papers = (...names: readonly string[]): Hunt => ({
  by: "tests",
  files: names.map((name) => `src/protocols/raft/paper-${name}.test.ts`),
});

/** Well-known mistakes of Raft's implementers, and some that were made here. */
export const raftMutants: readonly Mutant[] = [
  { name: "vote-forgotten-across-restart", hunts: [swarm, orders], isSample: true },
  { name: "vote-before-persist", hunts: [orders, swarm] },
  { name: "own-vote-before-persist", hunts: [papers("elections")] },
  { name: "two-votes-a-term", hunts: [swarm, orders], isSample: true },
  { name: "stale-log-elected", hunts: [swarm, orders], isSample: true },
  { name: "pre-vote-against-live-leader", hunts: [swarm, papers("elections")] },
  { name: "old-term-entries-counted", hunts: [orders] },
  { name: "answer-before-persist", hunts: [swarm, orders], isSample: true },
  { name: "leader-counts-unsynced-entries", hunts: [swarm, orders], isSample: true },
  { name: "previous-term-not-checked", hunts: [swarm] },
  { name: "truncation-on-every-append", hunts: [swarm] },
  { name: "backtracking-below-match", hunts: [papers("replication")] },
  { name: "commit-from-stale-leader", hunts: [swarm] },
  { name: "heartbeat-commit-not-capped", hunts: [swarm] },
  { name: "delivered-before-durable", hunts: [swarm], isSample: true },
  { name: "snapshot-over-newer-log", hunts: [papers("snapshots")] },
  { name: "read-without-barrier", hunts: [swarm] },
  { name: "read-before-first-commit", hunts: [swarm], isSample: true },
  { name: "lease-with-drifting-clock", hunts: [papers("leases")] },
  { name: "lease-from-answer", hunts: [papers("leases")] },
  { name: "lease-outlives-handover", hunts: [papers("leases")] },
  { name: "no-joint-membership", hunts: [swarm] },
  { name: "outgoing-not-asked", hunts: [papers("membership"), swarm] },
  { name: "learner-counted", hunts: [swarm] },
  { name: "removed-member-disrupts", hunts: [swarm, papers("removal")] },
  { name: "old-session-acknowledges", hunts: [papers("removal")] },
  { name: "handover-to-lagging", hunts: [swarm], isSample: true },
  { name: "duplicate-request-applied-twice", hunts: [swarm], isSample: true },
  { name: "session-lost-in-snapshot", hunts: [swarm] },
  {
    name: "torn-tail-accepted",
    hunts: [{ by: "tests", files: ["src/runtime/logs/wal/recovery.test.ts"] }],
    isSample: true,
  },
];
