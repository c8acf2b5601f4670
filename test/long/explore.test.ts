import { describe, expect, test } from "vitest";
import {
  type Bounds,
  type Explorable,
  Exploration,
  explorableRaft,
  explorableTotalOrder,
  type RaftLimits,
  type Terms,
  type TotalOrderLimits,
  totalOrderScenarios,
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

describe("total order", () => {
  test.each<[scenario: string, some: Partial<TotalOrderLimits & Bounds>]>([
    ["links", {}],
    ["order", {}],
    ["order", { delivery: "agreed" }],
    ["view-change", { multicasts: 0 }],
    ["view-change", { multicasts: 1, attempts: 1, delivery: "agreed" }],
    ["view-change", { multicasts: 1, attempts: 1, crashes: 1, order: "sent" }],
    ["founding", { crashes: 0 }],
  ])("%s with %j: explored to the end, and every promise holds", (name, some) => {
    const { limits, bounds } = totalOrderScenarios[name] ?? expect.fail(`there is no scenario ${name}`);
    exploreWholly(explorableTotalOrder({ ...limits, ...some }), { ...bounds, ...some });
  });
});
