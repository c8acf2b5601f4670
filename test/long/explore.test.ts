import { describe, expect, test } from "vitest";
import {
  type Bounds,
  type Explorable,
  Exploration,
  explorableGossip,
  explorablePaxos,
  explorableRaft,
  explorableSynod,
  explorableTotalOrder,
  type GossipLimits,
  gossipScenarios,
  type PaxosLimits,
  paxosScenarios,
  type RaftLimits,
  type Terms,
  type TotalOrderLimits,
  totalOrderScenarios,
  walk,
} from "../../src/simulator/index.ts";
import { smallBounds, smallLimits } from "../support/exploration.ts";

/** Explores to the end, says how much that was, and finds no promise broken. */
function exploreWholly(explorable: Explorable<Terms>, some: Partial<Bounds>): void {
  const exploration = new Exploration(explorable, { ...smallBounds, ...some });
  const startedAt = performance.now();
  while (exploration.advance(10_000));
  const finding = exploration.finding();

  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${finding.states} states, ${(finding.states / seconds).toFixed(0)} a second, ${finding.depth} steps deep`,
  );
  expect(finding).toMatchObject({ complete: true, violation: undefined, bound: undefined });
}

describe("raft", () => {
  const limits: RaftLimits = { ...smallLimits, start: "led" };

  test.each<[string, Partial<RaftLimits & Bounds>]>([
    ["one term from its beginning, a crash, any order", { start: "new", terms: 1, proposals: 1, crashes: 1 }],
    ["two terms, one proposal, a read, any order", { proposals: 1, reads: 1, disk: "fast" }],
    ["two terms, two proposals, a crash, links in order", { order: "sent", disk: "fast", crashes: 1 }],
    [
      "two terms, two proposals, a loss and a repeat, links in order",
      { order: "sent", disk: "fast", losses: 1, duplicates: 1 },
    ],
  ])("%s: explored to the end, and every promise holds", (_, some) => {
    exploreWholly(explorableRaft({ ...limits, ...some }), some);
  });
});

describe("multi-paxos", () => {
  const groupOf = (name: string, some: Partial<PaxosLimits>) => {
    const { limits, bounds } = paxosScenarios[name] ?? expect.fail(`there is no scenario ${name}`);
    return { explorable: explorablePaxos({ ...limits, ...some }), bounds };
  };

  test.each<[scenario: string, some: Partial<PaxosLimits & Bounds>]>([
    ["views", { views: 2, proposals: 1 }],
    ["order", {}],
    ["read", { ask: "any" }],
    ["read", { acceptsTo: "all", transfers: 1 }],
    ["snapshot", { proposals: 1, order: "sent" }],
    ["replace", { proposals: 0, order: "sent" }],
    ["elections", { views: 1, order: "sent" }],
  ])("%s with %j: explored to the end, and every promise holds", (name, some) => {
    const { explorable, bounds } = groupOf(name, some);
    exploreWholly(explorable, { ...bounds, ...some });
  });

  const busy = { views: 12, proposals: 8, reads: 3, heartbeats: 9, repeats: 6, questions: 9, snapshots: 2, alpha: 3 };

  test.each<[scenario: string, some: Partial<PaxosLimits & Bounds>]>([
    ["views", { ask: "any", transfers: 2 }],
    ["views", { acceptsTo: "all", transfers: 2 }],
    ["replace", { ask: "any" }],
    ["replace-all", { acceptsTo: "all" }],
  ])("%s with %j: on 3000 walks at random every promise holds", (name, some) => {
    const { explorable } = groupOf(name, { ...busy, ...some });
    for (let seed = 1; seed <= 3000; seed++) {
      const { violation } = walk(explorable, { ...smallBounds, steps: 400, crashes: 5, duplicates: 5, ...some }, seed);
      expect(violation, `on the walk of seed ${seed}`).toBeUndefined();
    }
  });
});

describe("gossip", () => {
  test.each<[scenario: string, some: Partial<GossipLimits & Bounds>]>([["line", { order: "sent" }]])(
    "%s with %j: explored to the end, and every promise holds",
    (name, some) => {
      const { limits, bounds } = gossipScenarios[name] ?? expect.fail(`there is no scenario ${name}`);
      exploreWholly(explorableGossip({ ...limits, ...some }), { ...bounds, ...some });
    },
  );
});

test("the synod: explored to the end, and one value is chosen", () => {
  exploreWholly(explorableSynod({ members: 3, proposers: 2, ballots: 2 }), {});
});

describe("total order", () => {
  test.each<[scenario: string, some: Partial<TotalOrderLimits & Bounds>]>([
    ["links", {}],
    ["order", {}],
    ["order", { delivery: "agreed" }],
    ["view-change", { multicasts: 0 }],
    ["view-change", { multicasts: 1, attempts: 1 }],
    ["view-change", { multicasts: 1, attempts: 1, delivery: "agreed" }],
    ["view-change", { multicasts: 1, attempts: 1, crashes: 1, order: "sent" }],
    ["founding", { crashes: 0 }],
  ])("%s with %j: explored to the end, and every promise holds", (name, some) => {
    const { limits, bounds } = totalOrderScenarios[name] ?? expect.fail(`there is no scenario ${name}`);
    exploreWholly(explorableTotalOrder({ ...limits, ...some }), { ...bounds, ...some });
  });
});
