import type { Bounds, PaxosLimits } from "../../../src/simulator/index.ts";
import type { Hunt } from "../hunt.ts";
import type { Mutant } from "./mutant.ts";

/** The swarm with its defaults: what `quorate simulate multi-paxos` does. */
const swarm: Hunt = { by: "simulate", protocol: "multi-paxos", runsMax: 2000 };
/** Every order of events in a small group, in one part of its life. */
const orders = (scenario: string, limits: Partial<PaxosLimits> = {}, bounds: Partial<Bounds> = {}): Hunt => ({
  ...{ by: "explore", protocol: "multi-paxos", scenario, limits, bounds },
});
const runsMax = 20_000;
const many = { views: 12, proposals: 8, reads: 3, heartbeats: 9, repeats: 6, questions: 9, snapshots: 2, transfers: 2 };
const faults = { crashes: 5, duplicates: 5 };
/** At random through what may happen to three voters; and while two others take the places of two of them. */
const walks: Hunt = {
  ...{ by: "walk", protocol: "multi-paxos", scenario: "views", runsMax },
  ...{ limits: { ...many, alpha: 3, ask: "any" }, bounds: faults },
};
const changing: Hunt = {
  ...{ by: "walk", protocol: "multi-paxos", scenario: "replace", runsMax },
  ...{ limits: { ...many, views: 6, alpha: 3, ask: "any" }, bounds: { ...faults, disk: "late" } },
};
/** A rule at a time, on one member alone. */
const rules = (...names: readonly string[]): Hunt => ({
  by: "tests",
  files: names.map((name) => `src/protocols/multi-paxos/rules-${name}.test.ts`),
});
/** Groups whose links are cut in certain ways. */
const topologies: Hunt = { by: "tests", files: ["test/scenarios/multi-paxos-views.test.ts"] };

/** Well-known mistakes of Multi-Paxos: what must be stored, what binds, places, epochs, reads, views. */
export const multiPaxosMutants: readonly Mutant[] = [
  { name: "accept-before-durable", hunts: [walks], isSample: true },
  { name: "promise-before-durable", hunts: [walks], isSample: true },
  { name: "prepare-before-durable", hunts: [walks] },
  { name: "view-of-accepted-forgotten", hunts: [walks] },
  { name: "prepared-by-one", hunts: [walks], isSample: true },
  { name: "lowest-view-wins", hunts: [walks] },
  { name: "accepted-forgotten-on-restart", hunts: [walks] },
  { name: "only-ordered-reported", hunts: [walks] },
  { name: "aru-not-reported", hunts: [walks] },
  { name: "proposes-below-highest-aru", hunts: [walks] },
  { name: "ordered-whatever-view", hunts: [walks] },
  { name: "gap-executed", hunts: [walks] },
  { name: "plan-top-ignored", hunts: [walks] },
  { name: "leader-counted-twice", hunts: [walks], isSample: true },
  { name: "lower-view-accepted", hunts: [walks] },
  { name: "lower-view-promised", hunts: [walks], isSample: true },
  { name: "view-led-again", hunts: [walks] },
  { name: "snapshot-drops-accepted", hunts: [walks] },
  { name: "trimming-drops-accepted", hunts: [walks] },
  { name: "view-moved-back", hunts: [swarm], isSample: true },
  { name: "change-effective-at-once", hunts: [changing] },
  { name: "proposes-past-epoch", hunts: [changing] },
  { name: "read-without-round", hunts: [orders("read")], isSample: true },
  { name: "read-below-plan", hunts: [walks] },
  { name: "leader-without-quorum-stays", hunts: [topologies] },
  { name: "unconnected-attempts", hunts: [topologies] },
  { name: "flapping-member-heeded", hunts: [rules("views")] },
  { name: "epoch-edge-forgotten", hunts: [changing] },
  { name: "newcomer-takes-itself-for-removed", hunts: [rules("membership")] },
  { name: "left-behind-not-told", hunts: [rules("membership")] },
  { name: "update-in-snapshot-not-settled", hunts: [rules("catching-up")] },
  { name: "part-counted-as-whole", hunts: [{ ...walks, limits: { ...many, alpha: 3, ask: "any", runBytesMax: 1 } }] },
  { name: "learner-counted", hunts: [changing] },
  { name: "second-hand-life", hunts: [topologies] },
  {
    name: "end-of-epoch-not-stored",
    hunts: [orders("replace", { proposals: 0, questions: 0 }, { order: "sent", disk: "late" })],
  },
];
