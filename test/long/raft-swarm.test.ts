import { expect, test } from "vitest";
import { swarm } from "../support/swarm.ts";

test.each([
  [1, 500],
  [3, 2000],
  [5, 3000],
  [7, 500],
])("groups of %i survive %i hostile worlds", async (members, count) => {
  const sums = await swarm(1_000_000, count, "test/long/raft-swarm.test.ts", { members });

  expect(sums.undecided).toBe(0);
  expect(sums.answered).toBeGreaterThan(100 * count);
});
