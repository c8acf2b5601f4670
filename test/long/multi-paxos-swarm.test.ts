import { expect, test } from "vitest";
import { paxosSubject } from "../../src/simulator/multi-paxos/subject.ts";
import { kvWorkload } from "../../src/simulator/workloads/kv.ts";
import { swarm } from "../support/swarm.ts";

test.each([
  [1, 500],
  [3, 2000],
  [5, 3000],
  [7, 500],
])("groups of %i survive %i hostile worlds", async (members, count) => {
  const file = "test/long/multi-paxos-swarm.test.ts";
  const sums = await swarm(1_000_000, count, file, { members }, paxosSubject(kvWorkload));

  expect(sums.undecided).toBe(0);
  expect(sums.answered).toBeGreaterThan(100 * count);
});
