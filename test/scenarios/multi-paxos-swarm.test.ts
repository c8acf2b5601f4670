import { expect, test } from "vitest";
import { paxosSubject } from "../../src/simulator/multi-paxos/subject.ts";
import { kvWorkload } from "../../src/simulator/workloads/kv.ts";
import { swarm } from "../support/swarm.ts";

const file = "test/scenarios/multi-paxos-swarm.test.ts";

test("120 hostile worlds break no promise, and all come to rest in agreement", { timeout: 240_000 }, async () => {
  const sums: Record<string, number> = {};
  for (const members of [3, 5]) {
    const found = await swarm(1000 * members, 60, file, { members }, paxosSubject(kvWorkload));
    for (const [name, count] of Object.entries(found)) sums[name] = (sums[name] ?? 0) + count;
  }

  if (process.env.SEED !== undefined) return; // one world need not have everything
  // A swarm that does nothing finds nothing.
  expect(sums.answered).toBeGreaterThan(20_000);
  expect(sums.unknown).toBeGreaterThan(50);
  expect(sums.crash).toBeGreaterThan(100);
  expect(sums.restores).toBeGreaterThan(100);
  expect(sums.changes).toBeGreaterThan(60);
  expect(sums.handovers).toBeGreaterThan(50);
  expect(sums.torn).toBeGreaterThan(10);
  expect(sums.revived).toBeGreaterThan(10);
  expect(sums.elections).toBeGreaterThan(250);
  expect(sums.undecided).toBe(0);
});
