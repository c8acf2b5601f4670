import { expect, test } from "vitest";
import { type Bounds, Exploration, explorableRaft, type RaftLimits } from "../../src/simulator/index.ts";
import { smallBounds, smallLimits } from "../support/exploration.ts";

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
  const exploration = new Exploration(explorableRaft({ ...limits, ...some }), { ...smallBounds, ...some });
  const startedAt = performance.now();

  while (exploration.advance(10_000));
  const finding = exploration.finding();

  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${finding.states} states, ${(finding.states / seconds).toFixed(0)} a second, ${finding.depth} steps deep`,
  );
  expect(finding).toMatchObject({ complete: true, violation: undefined, bound: undefined });
});
