import { expect, test } from "vitest";
import { paxosSubject } from "../../src/simulator/multi-paxos/subject.ts";
import { kvWorkload } from "../../src/simulator/workloads/kv.ts";
import { swarm } from "../support/swarm.ts";

const file = "test/scenarios/multi-paxos-swarm.test.ts";

test("40 hostile worlds break no promise, and all come to rest in agreement", { timeout: 240_000 }, async () => {
  const sums: Record<string, number> = {};
  for (const members of [3, 5]) {
    const found = await swarm(1000 * members, 20, file, { members }, paxosSubject(kvWorkload));
    for (const [name, count] of Object.entries(found)) sums[name] = (sums[name] ?? 0) + count;
  }

  if (process.env.SEED !== undefined) return; // one world need not have everything
  // A swarm that does nothing finds nothing.
  expect(sums.answered).toBeGreaterThan(6000);
  expect(sums.unknown).toBeGreaterThan(10);
  expect(sums.crash).toBeGreaterThan(30);
  expect(sums.restores).toBeGreaterThan(30);
  expect(sums.changes).toBeGreaterThan(20);
  expect(sums.handovers).toBeGreaterThan(5);
  expect(sums.torn).toBeGreaterThan(2);
  expect(sums.revived).toBeGreaterThan(2);
  expect(sums.elections).toBeGreaterThan(80);
  expect(sums.undecided).toBe(0);
});
