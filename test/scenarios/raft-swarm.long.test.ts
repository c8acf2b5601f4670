import { expect, test } from "vitest";
import { hostileRuns } from "../support/raft-swarm.ts";

test("20,000 hostile worlds break no promise", () => {
  const sum = hostileRuns(1_000_000, 20_000, "test/scenarios/raft-swarm.long.test.ts");

  if (process.env.SEED !== undefined) return; // one world need not have everything
  expect(sum.committed).toBeGreaterThan(1_000_000);
});
