import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { failoverMs, restartConformance, successionConformance } from "../conformance/replicated-log.ts";
import { openRaft } from "../support/logs.ts";

const seeds = Array.from({ length: 20 }, (_, at) => at + 1);

test.each([3, 5])("a killed leader of %i is replaced within 100 ms when its links are seen to break", (members) => {
  const gaps = seeds.map((seed) => failoverMs(new RaftScenario({ members, seed }), seed, true));

  expect(Math.max(...gaps)).toBeLessThan(100);
});

test.each([3, 5])("a killed leader of %i is replaced within twice the election timeout without that", (members) => {
  const gaps = seeds
    .map((seed) => failoverMs(new RaftScenario({ members, seed }), seed, false))
    .sort((left, right) => left - right);

  expect(gaps[0]).toBeGreaterThan(400); // nobody is deposed sooner
  expect(gaps[Math.floor(seeds.length * 0.9)]).toBeLessThan(1050); // 500 … 1000 ms, and two round trips
  expect(gaps.at(-1)).toBeLessThan(2100); // a split vote costs another
});

restartConformance(openRaft);
successionConformance(openRaft);
