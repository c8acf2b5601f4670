import { expect, test } from "vitest";
import { totalOrderSubject } from "../../src/simulator/total-order/subject.ts";
import { swarm } from "../support/swarm.ts";

test.each([
  [1, 300],
  [2, 1000],
  [3, 2000],
  [5, 2000],
  [7, 1000],
])("groups of %i keep one order in %i hostile worlds, and come together", async (members, count) => {
  const file = "test/long/total-order-swarm.test.ts";
  const sums = await swarm(1_000_000, count, file, { members }, totalOrderSubject);

  expect(sums.deliveries).toBeGreaterThan(100 * count);
  expect((sums.majorityLost ?? 0) + (sums.twoGroups ?? 0)).toBeLessThan(count / 2);
});
