import { expect, test } from "vitest";
import { hostileRun, hostileRuns } from "../support/raft-swarm.ts";

test("300 hostile worlds break no promise, and all come to rest in agreement", () => {
  const sum = hostileRuns(1, 300, "test/scenarios/raft-swarm.test.ts");

  if (process.env.SEED !== undefined) return; // one world need not have everything
  // A swarm that does nothing finds nothing.
  expect(sum.crashes).toBeGreaterThan(1000);
  expect(sum.restores).toBeGreaterThan(100);
  expect(sum.answeredReads).toBeGreaterThan(2000);
  expect(sum.lost).toBeGreaterThan(200);
  expect(sum.busy).toBeGreaterThan(1000);
  expect(sum.committed).toBeGreaterThan(15_000);
});

test("a seed decides everything: the same world twice does the same", () => {
  expect(hostileRun(42)).toEqual(hostileRun(42));
});
