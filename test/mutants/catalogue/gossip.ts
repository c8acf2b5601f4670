import type { Hunt } from "../hunt.ts";
import type { Mutant } from "./mutant.ts";

/** The swarm with its defaults: what `quorate simulate gossip` does. */
const swarm: Hunt = { by: "simulate", protocol: "gossip", runsMax: 2000 };
/** Some payloads are larger than a batch. */
const bulk: Hunt = { ...swarm, workload: "bulk" };
/** A rule at a time, in a group whose every message is seen. */
const rules = (name = "rules"): Hunt => ({ by: "tests", files: [`src/protocols/gossip/${name}.test.ts`] });

/** Well-known mistakes of gossip: acknowledgements, repeats, comparisons, trees, forgetting, schedules. */
export const gossipMutants: readonly Mutant[] = [
  { name: "known-rumour-not-acknowledged", hunts: [swarm] },
  { name: "acknowledged-before-known", hunts: [rules("rules-memory")] },
  { name: "knowledge-kept-over-restart", hunts: [swarm], isSample: true },
  { name: "numbers-begin-anew", hunts: [swarm], isSample: true },
  { name: "repeats-in-step", hunts: [rules()] },
  { name: "repeat-before-acknowledgement", hunts: [rules()] },
  { name: "answer-counts-for-earlier-batches", hunts: [swarm], isSample: true },
  { name: "gap-closed", hunts: [swarm], isSample: true },
  { name: "sent-back", hunts: [swarm] },
  { name: "forgotten-once-neighbours-have-it", hunts: [swarm], isSample: true },
  { name: "lost-member-not-waited-for", hunts: [swarm] },
  { name: "everything-after-comparison", hunts: [swarm] },
  { name: "comparison-one-way", hunts: [rules()] },
  { name: "tree-around-oneself", hunts: [swarm], isSample: true },
  { name: "two-roots-after-healing", hunts: [swarm] },
  { name: "lost-link-not-reported", hunts: [swarm] },
  { name: "merged-range-shrinks", hunts: [swarm], isSample: true },
  { name: "root-not-replaced", hunts: [swarm] },
  { name: "batch-timed-anew-by-each-payload", hunts: [rules("rules-schedule")] },
  { name: "batch-waits-at-every-node", hunts: [rules("rules-schedule")] },
  { name: "late-batch-waits", hunts: [rules("rules-schedule")] },
  { name: "untimed-batch-waits", hunts: [rules("rules-schedule")] },
  { name: "moment-jumps-to-the-next-period", hunts: [rules("rules-schedule")] },
  { name: "lost-peer-not-heard", hunts: [rules()] },
  { name: "large-payload-never-sent", hunts: [bulk] },
  { name: "round-trip-not-measured", hunts: [rules("rules-schedule")] },
  { name: "silence-not-noticed", hunts: [swarm] },
];
