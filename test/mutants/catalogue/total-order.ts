import type { Bounds, TotalOrderLimits } from "../../../src/simulator/index.ts";
import type { Hunt, Orders } from "../hunt.ts";
import type { Mutant } from "./mutant.ts";

/** The swarm with its defaults: what `quorate simulate total-order` does. */
const swarm: Hunt = { by: "simulate", protocol: "total-order", runsMax: 4000 };
/** Every order of events in a small group, in one part of its life. */
const orders = (scenario: string, limits: Partial<TotalOrderLimits>, bounds: Partial<Bounds> = {}): Orders => ({
  ...{ by: "explore", protocol: "total-order", scenario, limits, bounds },
});
const ordering = orders("order", { multicasts: 2 }, { order: "any" });
const links = orders("links", { multicasts: 2 });
/** A view ends once, with a message on its way. */
const ending = orders("view-change", { multicasts: 1, attempts: 1 }, { steps: 8 });
/** The same with two, for a few steps. */
const endingWithMore = orders("view-change", { multicasts: 2, attempts: 1 }, { steps: 4 });
/** Two try to end it, or it ends twice. */
const endingTwice = orders("view-change", { multicasts: 0, attempts: 2 }, { steps: 17 });
const joiningTwice = orders("join", { leaves: 0, attempts: 2 }, { steps: 12 });
/** One of two goes. */
const leaving = orders("join", { seekers: 0, multicasts: 0 });
const founding = orders("founding", { seekers: 2 }, { crashes: 0 });
/** The synod without what is around it: two proposers, and each tries so often. */
const ballots = (count: number): Orders => ({ by: "explore", protocol: "synod", limits: { ballots: count } });
/** A rule at a time, on one member alone. */
const rules = (...names: readonly string[]): Hunt => ({
  by: "tests",
  files: names.map((name) => `src/protocols/total-order/rules-${name}.test.ts`),
});

/** Well-known mistakes of ordering by clocks, of changing views, and of the agreement that ends them. */
export const totalOrderMutants: readonly Mutant[] = [
  { name: "arrival-order", hunts: [swarm], orders: ordering, isSample: true },
  { name: "ties-unbroken", hunts: [swarm], orders: ordering, isSample: true },
  { name: "heard-over-a-gap", hunts: [swarm], orders: links },
  { name: "clock-not-raised", hunts: [swarm], orders: ordering },
  { name: "silent-member-skipped", hunts: [swarm] },
  { name: "timestamp-not-above-told-clock", hunts: [swarm], orders: ordering },
  { name: "no-answer", hunts: [swarm], orders: ordering },
  { name: "null-answered-by-null", hunts: [swarm], orders: links },
  { name: "duplicate-not-acknowledged", hunts: [rules("links")] },
  { name: "repeat-put-off-by-keep-alives", hunts: [swarm] },
  { name: "forgotten-when-delivered", hunts: [swarm], orders: ordering },
  { name: "promise-without-freeze", hunts: [swarm], orders: ending },
  { name: "released-after-failed-attempt", hunts: [swarm], orders: endingTwice },
  { name: "one-promise-is-enough", hunts: [swarm] },
  { name: "one-vote-is-enough", hunts: [swarm], orders: endingTwice },
  { name: "accepted-decree-ignored", hunts: [swarm], orders: endingTwice },
  { name: "lower-ballot-promised", hunts: [swarm], orders: ballots(1) },
  { name: "lowest-vote-binds", hunts: [ballots(2)] },
  { name: "vote-without-promise", hunts: [ballots(2)] },
  { name: "ballots-without-names", hunts: [ballots(2)] },
  { name: "decider-ends-untold", hunts: [leaving], isSample: true },
  { name: "least-cut", hunts: [swarm], orders: ending, isSample: true },
  { name: "silent-member-kept", hunts: [swarm], orders: ending },
  { name: "rest-in-order-of-senders", hunts: [swarm], orders: endingWithMore },
  { name: "tail-left-out", hunts: [swarm], orders: ending },
  { name: "old-view-taken", hunts: [swarm], orders: ending },
  { name: "exclusion-from-another-view", hunts: [swarm], orders: endingTwice },
  { name: "incarnation-not-compared", hunts: [swarm] },
  { name: "vote-for-another-base", hunts: [rules("views")] },
  { name: "newcomer-multicasts-without-state", hunts: [swarm], orders: joiningTwice },
  { name: "state-of-another-view", hunts: [swarm] },
  { name: "clock-counts-as-holding", hunts: [swarm], isSample: true },
  { name: "clock-restarts-with-view", hunts: [swarm], orders: ending },
  { name: "keep-alive-delivered", hunts: [swarm], orders: links, isSample: true },
  { name: "absent-seeds-not-told", hunts: [swarm] },
  { name: "deaf-member-proposes", hunts: [swarm] },
  { name: "newcomers-outnumber-state", hunts: [swarm], isSample: true },
  { name: "founded-by-half", hunts: [swarm], orders: founding },
];
