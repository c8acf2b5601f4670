import { expect, test } from "vitest";
import { gossipSubject } from "../../src/simulator/gossip/subject.ts";
import { swarm } from "../support/swarm.ts";

const file = "test/scenarios/gossip-swarm.test.ts";

test("40 hostile worlds keep every payload, and all come to rest with the same set", { timeout: 120_000 }, async () => {
  const sums = await swarm(1, 40, file, {}, gossipSubject());

  if (process.env.SEED !== undefined) return; // one world need not have everything
  // A swarm that does nothing finds nothing.
  expect(sums.accepted).toBeGreaterThan(8000);
  expect(sums.delivered).toBeGreaterThan(30_000);
  expect(sums.crash).toBeGreaterThan(20);
  expect(sums.arrange).toBeGreaterThan(50);
  expect(sums.downs).toBeGreaterThan(100);
  expect(sums.refused).toBeGreaterThan(50);
  expect(sums.missed).toBeGreaterThan(10);
  expect(sums.secured).toBeGreaterThan(1000);
});

test("so do 15 worlds of payloads beyond a batch", { timeout: 120_000 }, async () => {
  const sums = await swarm(1, 15, file, { members: 3 }, gossipSubject("bulk"));

  expect(sums.delivered).toBeGreaterThan(5000);
});
