import { expect, test } from "vitest";
import { gossipSubject } from "../../src/simulator/gossip/subject.ts";
import { swarm } from "../support/swarm.ts";

test.each([
  [1, 100, "texts"],
  [2, 300, "texts"],
  [3, 500, "bulk"],
  [5, 800, "texts"],
  [7, 200, "texts"],
  [9, 100, "bulk"],
])("groups of %i survive %i hostile worlds of %s", async (members, count, workload) => {
  const sums = await swarm(1_000_000, count, "test/long/gossip-swarm.test.ts", { members }, gossipSubject(workload));

  expect(sums.delivered).toBeGreaterThan(50 * count);
});
