import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";

const options = { leases: true, electionTicks: 10, heartbeatTicks: 2 };

/** A group whose leader has measured the others' clocks. */
function withLease(seed: number, time?: (place: number) => { tickMs: number; clock: number }): RaftScenario {
  const cluster = new RaftScenario({ members: 3, seed, options, ...(time && { time }) });
  cluster.leader();
  cluster.run(5000);
  return cluster;
}

/** Whether a read by lease is answered without a word to anyone. */
function isAnsweredAlone(cluster: RaftScenario, leader: string): boolean {
  const read = cluster.barrier(leader, "lease");
  return cluster.fate(leader, read).some((fate) => fate.startsWith("readable"));
}

test("a leader that all hear reads by its lease, without a round", () => {
  const cluster = withLease(1);

  expect(isAnsweredAlone(cluster, cluster.leader())).toBe(true);
});

test("a cut leader's lease is over before another can lead, whatever the speeds of the clocks", () => {
  const seeds = Array.from({ length: 30 }, (_, at) => at);
  let alone = 0;

  for (const seed of seeds) {
    const time = (place: number) => ({ tickMs: 12 + ((seed * 7 + place * 11) % 30), clock: 800 + ((seed * 37) % 400) });
    const cluster = withLease(seed, time);
    const old = cluster.leader();
    cluster.isolate(old);
    const hasSuccessor = () => cluster.ids(old).some((id) => cluster.state(id).role === "leader");
    while (!hasSuccessor()) {
      if (isAnsweredAlone(cluster, old)) alone++;
      cluster.run(1);
    }

    expect(isAnsweredAlone(cluster, old), `seed ${seed}`).toBe(false);
  }

  expect(alone).toBeGreaterThan(500); // the leases were worth something
});

test("a clock that goes faster than the bound allows is noticed: reads take a round until it is measured anew", () => {
  const cluster = withLease(3);
  const leader = cluster.leader();
  for (const id of cluster.ids(leader)) {
    const member = cluster.cluster.member(id);
    member.plan = { ...member.plan, tickMs: 6 };
  }

  const without = cluster.until(() => !isAnsweredAlone(cluster, leader), 2000);
  const read = cluster.barrier(leader, "lease");
  cluster.run(50);
  const answered = cluster.fate(leader, read);
  const again = cluster.until(() => isAnsweredAlone(cluster, leader), 10_000);

  expect(without).toBe(true);
  expect(answered.join()).toMatch(/^readable/);
  expect(again).toBe(true);
});

test("no member reads by lease where one has not turned leases on", () => {
  const cluster = new RaftScenario({ members: 3, seed: 1, options: { ...options, leases: false } });
  const leader = cluster.leader();
  cluster.run(5000);

  expect(isAnsweredAlone(cluster, leader)).toBe(false);
});
