import { expect, test } from "vitest";
import type { Explanation } from "../../simulator/index.ts";
import { calmWorld } from "../../simulator/plans/run.ts";
import { scenarioText } from "./scenario.ts";

const explanation: Explanation = {
  seed: 7,
  claim: 'a "claim"',
  story: "a story",
  schedule: [],
  plan: {
    seed: 12,
    members: [{ id: "a", tickMs: 20, clock: 1000, options: { "odd-name": true } }],
    world: calmWorld,
    actions: [{ atMs: 5, lastsMs: 6, target: "leader", pick: 1, fault: { kind: "crash", hint: true } }],
    calls: [],
    fireMs: 100,
    calmTicks: 50,
  },
};

test("a protocol's failure becomes a test as one would write it, the plan line by line", () => {
  const text = scenarioText({ subject: "raft", choices: { workload: "log", members: 3 } }, explanation);

  expect(text.split("\n")).toEqual([
    'import { test } from "node:test";',
    'import { replay } from "quorate/simulator";',
    "",
    'test("seed 7: a \\"claim\\"", async () => {',
    '  const report = await replay({ protocol: "raft", workload: "log" }, {',
    "    seed: 12,",
    "    members: [",
    '      { id: "a", tickMs: 20, clock: 1000, options: { "odd-name": true } },',
    "    ],",
    '    world: { delays: "even", delayMs: [1, 3], loss: 0, repeat: 0, isOrdered: false, diskMs: [1, 2], ' +
      "lostReads: 0, batchMs: 0, hintMs: [3, 4], lostHints: 0 },",
    "    actions: [",
    '      { atMs: 5, lastsMs: 6, target: "leader", pick: 1, fault: { kind: "crash", hint: true } },',
    "    ],",
    "    calls: [],",
    "    fireMs: 100,",
    "    calmTicks: 50,",
    "  });",
    "",
    "  report.assertOk();",
    "});",
  ]);
});

test("a file's failure becomes a test that imports the file", () => {
  expect(scenarioText({ subject: "own/core.js", choices: {} }, explanation)).toContain(
    '\nimport options from "./own/core.js";\n\ntest("seed 7: a \\"claim\\"", async () => {\n  const report = await replay(options, {',
  );
});
