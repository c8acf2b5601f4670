import { expect, test } from "vitest";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import type { LogScenario } from "../../src/simulator/replicated/scenario/scenario.ts";

/** Opens a group of three whose members let a leader be silent for 10 ticks, and hear it every 2. */
type Open<V extends LogVocabulary, State> = (setup: {
  readonly members: number;
  readonly seed: number;
  readonly leases: boolean;
  readonly time?: (place: number) => { readonly tickMs: number; readonly clock: number };
}) => LogScenario<V, State>;

/** What reads by lease owe, whichever protocol's leader holds it. */
export function leaseConformance<V extends LogVocabulary, State>(open: Open<V, State>): void {
  /** A group whose leader has ordered something, and measured the others' clocks. */
  function withLease(seed: number, time?: (place: number) => { tickMs: number; clock: number }): LogScenario<V, State> {
    const cluster = open({ members: 3, seed, leases: true, ...(time && { time }) });
    cluster.propose(cluster.leader(), "first");
    cluster.run(5000);
    return cluster;
  }

  /** Whether a read by lease is answered without a word to anyone. */
  function isAnsweredAlone(cluster: LogScenario<V, State>, leader: string): boolean {
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
      const time = (place: number) => ({
        tickMs: 12 + ((seed * 7 + place * 11) % 30),
        clock: 800 + ((seed * 37) % 400),
      });
      const cluster = withLease(seed, time);
      const old = cluster.leader();
      cluster.isolate(old);
      const hasSuccessor = () => cluster.ids(old).some((id) => cluster.leads(id));
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
    const cluster = open({ members: 3, seed: 1, leases: false });
    const leader = cluster.leader();
    cluster.propose(leader, "first");
    cluster.run(5000);

    expect(isAnsweredAlone(cluster, leader)).toBe(false);
  });

  test("a leader whose thread stood still answers nothing by a lease of before", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cluster = withLease(seed);
      const old = cluster.leader();
      cluster.pause(old);
      const next = cluster.leader(old);
      cluster.propose(next, "meanwhile");
      cluster.until(() => cluster.agreed.includes("meanwhile"));
      const read = cluster.barrier(old, "lease");
      cluster.resume(old);
      cluster.run(500);

      expect(cluster.fate(old, read), `seed ${seed}`).toHaveLength(1);
      cluster.promises.check(); // a read shows what was agreed before it was asked
    }
  });

  test("leadership is handed over as fast as without, and the lease ends before the heir is told", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cluster = withLease(seed);
      const old = cluster.leader();
      const [heir = ""] = cluster.ids(old);
      const start = cluster.now;
      cluster.request(old, { kind: "transfer", id: 900, to: heir });
      expect(isAnsweredAlone(cluster, old), `seed ${seed}`).toBe(false);
      cluster.until(() => cluster.leads(heir));

      expect(cluster.now - start, `seed ${seed}`).toBeLessThan(60);
    }
  });

  test("reads by lease are never stale, while leaders are cut off, paused, killed and hand over, with clocks that differ", () => {
    let reads = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const time = (place: number) => ({
        tickMs: 14 + ((seed * 5 + place * 9) % 14),
        clock: 850 + ((seed * 53) % 300),
      });
      const cluster = withLease(seed, time);
      for (let round = 0; round < 8; round++) {
        const leader = cluster.leader();
        cluster.run(2000);
        const what = (seed + round) % 4;
        if (what === 0) cluster.isolate(leader);
        else if (what === 1) cluster.pause(leader);
        else if (what === 2) cluster.crash(leader);
        else cluster.request(leader, { kind: "transfer", id: 100_000 + round, to: undefined });
        for (let at = 0; at < 40; at++) {
          for (const id of cluster.ids()) {
            if (!cluster.isUp(id)) continue;
            if (at % 3 === 0) cluster.propose(id, `${round}-${at}-${id}`);
            cluster.barrier(id, "lease");
          }
          cluster.run(10);
        }
        cluster.heal();
        if (what === 1) cluster.resume(leader);
        if (what === 2) cluster.start(leader);
        cluster.run(500);
      }
      cluster.run(3000);
      cluster.promises.check();
      reads += cluster.promises.answeredReads;
    }

    expect(reads).toBeGreaterThan(1000);
  });
}
