import { describe, expect, test } from "vitest";
import {
  type Bounds,
  type Explorable,
  explorableGossip,
  explorablePaxos,
  explorableRaft,
  explorableTotalOrder,
  gossipScenarios,
  paxosScenarios,
  type Terms,
  totalOrderScenarios,
  walk,
} from "../../src/simulator/index.ts";
import { smallBounds, smallLimits } from "../support/exploration.ts";

const bounds: Bounds = { ...smallBounds, steps: 400, crashes: 4, duplicates: 4, losses: 4 };
const raft = explorableRaft({ ...smallLimits, start: "led", terms: 8, timeouts: 9, ticks: 5, proposals: 6, reads: 3 });

function scenario<Limits extends object>(
  scenarios: Readonly<Record<string, { readonly limits: Limits }>>,
  name: string,
  some: Partial<Limits>,
): Limits {
  return { ...(scenarios[name] ?? expect.fail(`there is no scenario ${name}`)).limits, ...some };
}

const busy = { views: 9, proposals: 8, reads: 3, heartbeats: 9, repeats: 6, questions: 9, snapshots: 2, alpha: 3 };

const groups: readonly (readonly [string, Explorable<Terms>, Partial<Bounds>])[] = [
  ["raft", raft, {}],
  ["raft over links in order", raft, { order: "sent" }],
  ["multi-paxos", explorablePaxos(scenario(paxosScenarios, "views", { ...busy, ask: "any", transfers: 2 })), {}],
  ["multi-paxos that changes its members", explorablePaxos(scenario(paxosScenarios, "replace", busy)), {}],
  ["multi-paxos that tells all", explorablePaxos(scenario(paxosScenarios, "views", { ...busy, acceptsTo: "all" })), {}],
  ["multi-paxos that changes all", explorablePaxos(scenario(paxosScenarios, "replace-all", busy)), { order: "sent" }],
  [
    "multi-paxos that asks for views",
    explorablePaxos(scenario(paxosScenarios, "elections", { ...busy, timeouts: 12, proofs: 6 })),
    {},
  ],
  [
    "total order",
    explorableTotalOrder(scenario(totalOrderScenarios, "view-change", { multicasts: 9, attempts: 6, repeats: 6 })),
    { crashes: 0 },
  ],
  ["gossip", explorableGossip(scenario(gossipScenarios, "line", { rumours: 9, repeats: 9, probes: 5, syncs: 5 })), {}],
];

describe("on walks at random every promise holds:", { timeout: 120_000 }, () => {
  test.each(groups)("%s", (_, explorable, some) => {
    for (let seed = 1; seed <= 12; seed++) {
      expect(walk(explorable, { ...bounds, ...some }, seed).violation).toBeUndefined();
    }
  });
});

test("a seed decides all of a walk", () => {
  const steps = [1, 2, 3].map((seed) => walk(raft, bounds, seed).steps);

  expect([1, 2, 3].map((seed) => walk(raft, bounds, seed).steps)).toEqual(steps);
  expect(new Set(steps).size).toBe(3);
});

test("of the way to a broken promise only the steps remain without which it holds", { timeout: 120_000 }, () => {
  const limits = scenario(totalOrderScenarios, "founding", { memory: "lost", applications: 3, attempts: 3 });
  const walked = walk(explorableTotalOrder(limits), { ...smallBounds, order: "sent", disk: "fast", crashes: 3 }, 152);

  expect(walked.violation?.claim).toMatch(/one group is founded/);
  expect(walked.violation?.trace.length).toBeLessThan(walked.steps);
  expect(walked.violation?.trace.join("\n")).toContain("crashes; it starts again");
});
