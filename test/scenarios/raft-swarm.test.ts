import { expect, test } from "vitest";
import { swarm } from "../support/swarm.ts";

test("150 hostile worlds break no promise, and all come to rest in agreement", { timeout: 240_000 }, async () => {
  const sums = await swarm(1, 150, "test/scenarios/raft-swarm.test.ts");

  if (process.env.SEED !== undefined) return; // one world need not have everything
  // A swarm that does nothing finds nothing.
  expect(sums.answered).toBeGreaterThan(25_000);
  expect(sums.unknown).toBeGreaterThan(50);
  expect(sums.crash).toBeGreaterThan(150);
  expect(sums.restores).toBeGreaterThan(100);
  expect(sums.changes).toBeGreaterThan(80);
  expect(sums.torn).toBeGreaterThan(10);
  expect(sums.revived).toBeGreaterThan(10);
  expect(sums.elections).toBeGreaterThan(300);
  expect(sums.undecided).toBe(0);
});
