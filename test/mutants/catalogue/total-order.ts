import type { TotalOrderLimits } from "../../../src/simulator/index.ts";
import type { Hunt } from "../hunt.ts";
import type { Mutant } from "./mutant.ts";

/** The swarm with its defaults: what `quorate simulate total-order` does. */
const swarm: Hunt = { by: "simulate", protocol: "total-order", runsMax: 4000 };
/** Every order of events in a small group, in one part of its life; or in the synod without what is around it. */
const orders = (scenario: string, limits: Partial<TotalOrderLimits> = {}): Hunt => ({
  ...{ by: "explore", protocol: "total-order", scenario, limits },
});
const ballots: Hunt = { by: "explore", protocol: "synod" };
/** A rule at a time, on one member alone. */
const rules = (...names: readonly string[]): Hunt => ({
  by: "tests",
  files: names.map((name) => `src/protocols/total-order/rules-${name}.test.ts`),
});

/** Well-known mistakes of ordering by clocks, of changing views, and of the agreement that ends them. */
export const totalOrderMutants: readonly Mutant[] = [
  { name: "arrival-order", hunts: [swarm], isSample: true },
  { name: "ties-unbroken", hunts: [swarm], isSample: true },
  { name: "heard-over-a-gap", hunts: [swarm], isSample: true },
  { name: "clock-not-raised", hunts: [swarm] },
  { name: "silent-member-skipped", hunts: [swarm] },
  { name: "timestamp-not-above-told-clock", hunts: [swarm] },
  { name: "no-answer", hunts: [swarm], isSample: true },
  { name: "null-answered-by-null", hunts: [orders("links"), swarm], isSample: true },
  { name: "duplicate-not-acknowledged", hunts: [rules("links")] },
  { name: "repeat-put-off-by-keep-alives", hunts: [swarm] },
  { name: "forgotten-when-delivered", hunts: [swarm], isSample: true },
  { name: "promise-without-freeze", hunts: [swarm] },
  { name: "released-after-failed-attempt", hunts: [swarm] },
  { name: "one-promise-is-enough", hunts: [swarm] },
  { name: "one-vote-is-enough", hunts: [swarm, orders("view-change", { multicasts: 1 })] },
  { name: "accepted-decree-ignored", hunts: [swarm] },
  { name: "lower-ballot-promised", hunts: [ballots, swarm], isSample: true },
  { name: "least-cut", hunts: [swarm], isSample: true },
  { name: "silent-member-kept", hunts: [swarm] },
  { name: "rest-in-order-of-senders", hunts: [swarm] },
  { name: "tail-left-out", hunts: [swarm] },
  { name: "old-view-taken", hunts: [swarm] },
  { name: "exclusion-from-another-view", hunts: [swarm] },
  { name: "incarnation-not-compared", hunts: [swarm] },
  { name: "vote-for-another-base", hunts: [rules("views")] },
  { name: "newcomer-multicasts-without-state", hunts: [swarm] },
  { name: "state-of-another-view", hunts: [swarm] },
  { name: "clock-counts-as-holding", hunts: [swarm], isSample: true },
  { name: "clock-restarts-with-view", hunts: [swarm] },
  { name: "keep-alive-delivered", hunts: [swarm], isSample: true },
  { name: "absent-seeds-not-told", hunts: [swarm] },
  { name: "deaf-member-proposes", hunts: [swarm] },
  { name: "newcomers-outnumber-state", hunts: [swarm], isSample: true },
  { name: "founded-by-half", hunts: [swarm] },
];
