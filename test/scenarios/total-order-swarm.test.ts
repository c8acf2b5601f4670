import { expect, test } from "vitest";
import { totalOrderSubject } from "../../src/simulator/total-order/subject.ts";
import { swarm } from "../support/swarm.ts";

const file = "test/scenarios/total-order-swarm.test.ts";

test("60 hostile worlds have one order each, and all members come together", { timeout: 120_000 }, async () => {
  const sums: Record<string, number> = {};
  for (const members of [2, 3, 5, 7]) {
    const found = await swarm(100 * members, 15, file, { members }, totalOrderSubject);
    for (const [name, count] of Object.entries(found)) sums[name] = (sums[name] ?? 0) + count;
  }

  if (process.env.SEED !== undefined) return; // one world need not have everything
  // A swarm that does nothing finds nothing.
  expect(sums.deliveries).toBeGreaterThan(25_000);
  expect(sums.views).toBeGreaterThan(150);
  expect(sums.exclusions).toBeGreaterThan(10);
  expect(sums.leaves).toBeGreaterThan(120);
  expect(sums.transfers).toBeGreaterThan(60);
  expect(sums.blocked).toBeGreaterThan(10);
  expect(sums.majorityLost).toBeLessThan(15);
});
