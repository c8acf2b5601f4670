import { expect, test } from "vitest";
import { formatCompact, formatHours, formatRate, progressLines } from "./progress.ts";

const plain = (_: unknown, text: string) => text;
const facts = { elapsedMs: 2000, simulatedMs: 9_000_000, faults: 12_345, checks: 4_100_000, failures: 0 };

test("the bar says how far, how fast and how long still, and fits 80 columns at its longest", () => {
  const [first, second] = progressLines({ ...facts, runs: 250, runsWanted: 1000 }, plain);
  const longest = progressLines(
    {
      runs: 8_888_888,
      runsWanted: 9_999_999,
      elapsedMs: 100_000_000,
      simulatedMs: 1e11,
      faults: 9e9,
      checks: 1e12,
      failures: 8_888,
    },
    plain,
  );

  expect(first).toBe(`${"█".repeat(5)}${"░".repeat(15)} 250 of 1,000 runs   125 runs/s   6.0 s left`);
  expect(second).toBe("simulated 2.5 h   faults 12 k   invariant checks 4.1 M   failures 0");
  for (const line of longest) expect(line.length).toBeLessThanOrEqual(80);
});

test("before the first run has ended nothing is promised", () => {
  const [first] = progressLines({ ...facts, runs: 0, runsWanted: 10 }, plain);

  expect(first).toBe(`${"░".repeat(20)} 0 of 10 runs   0.0 runs/s`);
});

test("amounts are as long as a person reads them", () => {
  expect([999, 9999, 18_999, 4_100_000, 2_500_000_000].map(formatCompact)).toEqual([
    "999",
    "9,999",
    "18 k",
    "4.1 M",
    "2.5 G",
  ]);
  expect([5000, 1_000_000, 20_160_000].map(formatHours)).toEqual(["5 s", "17 min", "5.6 h"]);
  expect([3.149, 1234].map(formatRate)).toEqual(["3.1", "1,234"]);
});
