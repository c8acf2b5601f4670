import { expect, test } from "vitest";
import type { Finding } from "../../simulator/index.ts";
import { raft } from "./protocols/raft.ts";
import { findingText, progressText } from "./report.ts";
import { readSettings } from "./settings.ts";

const plain = (_: unknown, text: string) => text;
const settings = readSettings(raft, {
  ...{ members: "3", terms: "2", proposals: "2", reads: "0", appendBytesMax: "1", timeouts: "2", ticks: "0" },
  ...{ crashes: "1", losses: "1", duplicates: "0", start: "led", order: "sent", disk: "fast" },
  ...{ steps: "9", statesMax: "1000", time: "60s", jobs: "1" },
});
const finding: Finding = {
  ...{ states: 12_345, transitions: 23_456, depth: 7, waiting: 99, localStates: 21 },
  ...{ complete: false, bound: "stopped", violation: undefined },
};

test("progress says how much, how fast and how deep", () => {
  expect(progressText(finding, 2000)).toBe("12,345 states, 6,173 a second, all within 7 steps; 99 to go on from");
});

test("each way to end is named", () => {
  const bound = (some: Partial<Finding>, elapsedMs = 61_000) =>
    /^bound reached +(.*)$/m.exec(findingText({ ...finding, ...some }, settings, elapsedMs, plain))?.[1];

  expect(bound({})).toBe("time, 60.0 s");
  expect(bound({}, 2000)).toBe("none: interrupted");
  expect(bound({ bound: "steps" })).toBe("steps, 9");
  expect(bound({ bound: "states" })).toBe("states, 1,000");
  expect(bound({ bound: undefined, complete: true })).toBe("none: nothing within the bounds was left out");
});

test("a violation is told as a story, with the claim at its end", () => {
  const violation = { claim: "it must be that all is well", trace: ["a's patience ends", "b votes twice"] };
  const text = findingText({ ...finding, bound: undefined, violation }, settings, 2000, plain);

  expect(text).toContain("messages in the order sent, disks fast");
  expect(text.split("\n").slice(-4)).toEqual([
    "a promise is broken, after 2 steps and no fewer:",
    "  1. a's patience ends",
    "  2. b votes twice",
    "it must be that all is well",
  ]);
});

test("an option out of its range is refused by name", () => {
  expect(() => readSettings(raft, { members: "6", time: "60s" })).toThrow(
    "--members must be a whole number from 1 to 5, not 6",
  );
});
