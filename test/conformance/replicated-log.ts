import { expect, test } from "vitest";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import type { LogScenario, LogSetup } from "../../src/simulator/replicated/scenario/scenario.ts";

/** Options that all replicated logs have, by one name; `runBytesMax` bounds the entries in one message or record. */
export interface SharedOptions {
  readonly runBytesMax?: number;
  readonly inflightBytesMax?: number;
  readonly waitingCountMax?: number;
  readonly deliveryBytesMax?: number;
  readonly tailBytesMax?: number;
  readonly retainCount?: number;
  readonly chunkBytesMax?: number;
}

/** Opens a group of the protocol under test. */
export type OpenLog<V extends LogVocabulary, State> = (
  setup: Omit<LogSetup, "options" | "past"> & { readonly options?: SharedOptions },
) => LogScenario<V, State>;

/** Whether a member leads, and in which term or view. */
export function leadership<V extends LogVocabulary, State>(
  cluster: LogScenario<V, State>,
  id: string,
): { readonly leads: boolean; readonly term: number } {
  return { leads: cluster.leads(id), term: cluster.standing(id).term };
}

/** Simulated ms from the leader's death until another leads with a majority behind it. */
export function failoverMs<V extends LogVocabulary, State>(
  cluster: LogScenario<V, State>,
  seed: number,
  hint: boolean,
): number {
  const old = cluster.leader();
  cluster.run(1000 + 37 * seed);
  cluster.crash(old, hint);
  const start = cluster.now;
  cluster.leader(old);
  return cluster.now - start;
}

/** What any replicated log owes to who was acknowledged, whichever protocol agrees on it. */
export function restartConformance<V extends LogVocabulary, State>(open: OpenLog<V, State>): void {
  test("a leader killed again and again loses nothing that was acknowledged", () => {
    const cluster = open({ members: 3, seed: 11 });
    for (let round = 0; round < 8; round++) {
      const leader = cluster.leader();
      for (let at = 0; at < 6; at++) {
        for (const id of cluster.ids()) cluster.propose(id, `${round}-${at}-${id}`);
        cluster.run(7);
      }
      cluster.crash(leader);
      for (const id of cluster.ids(leader)) cluster.propose(id, `${round}-gap-${id}`);
      cluster.run(300);
      cluster.start(leader);
      cluster.run(100);
    }
    cluster.run(3000);

    cluster.promises.check();
    expect(cluster.agreed.length).toBeGreaterThan(100);
  });

  test("a restart of all under load keeps everything that was acknowledged", () => {
    const cluster = open({ members: 3, seed: 12 });
    for (let round = 0; round < 5; round++) {
      cluster.leader();
      for (let at = 0; at < 20; at++) {
        for (const id of cluster.ids()) cluster.propose(id, `${round}-${at}-${id}`);
        cluster.run(3);
      }
      const acknowledged = new Set(cluster.applied().flat());

      for (const id of cluster.ids()) cluster.crash(id, false);
      for (const id of cluster.ids()) cluster.start(id);
      cluster.leader();
      cluster.propose("a", `marker-${round}`);
      expect(cluster.until(() => cluster.agreesOn(`marker-${round}`))).toBe(true);

      const kept = new Set(cluster.texts("a"));
      expect([...acknowledged].filter((text) => !kept.has(text))).toEqual([]);
    }
    cluster.run(3000);

    cluster.promises.check();
  });
}

/** What any replicated log owes when leadership passes from one to another. */
export function successionConformance<V extends LogVocabulary, State>(open: OpenLog<V, State>): void {
  test("a leader whose thread stood still is replaced, and answers nothing from its past when it goes on", () => {
    const cluster = open({ members: 3, seed: 4 });
    const old = cluster.leader();
    cluster.propose(old, "first");
    cluster.run(200);
    const { commit } = cluster.standing(old);
    cluster.pause(old);
    const write = cluster.propose(old, "asked of a sleeper");
    const read = cluster.barrier(old);
    const next = cluster.leader(old);
    cluster.propose(next, "meanwhile");
    cluster.run(100);

    cluster.resume(old);
    cluster.run(1000);

    expect(cluster.fate(old, read)).not.toContain(`readable ${commit}`); // before what was written meanwhile
    expect(cluster.applied().every((texts) => texts[1] === "meanwhile")).toBe(true);
    expect(["applied", "refused no-leader"]).toContain(cluster.fate(old, write).at(-1));
  });

  test("a leader that is told to stop steps down, and another takes over", () => {
    const cluster = open({ members: 3, seed: 4 });
    const old = cluster.leader();

    cluster.request(old, { kind: "resign", reason: "stopping" });
    const next = cluster.leader(old);
    const number = cluster.propose(next, "x");
    cluster.run(100);

    expect(cluster.fate(old, cluster.propose(old, "y"))).toEqual(["refused stopping"]);
    expect(cluster.fate(next, number)).toEqual(["accepted", "applied"]);
  });

  test("reads are never stale while leadership moves, and most are answered", () => {
    const cluster = open({ members: 3, seed: 9 });
    for (let round = 0; round < 30; round++) {
      const leader = cluster.leader();
      cluster.isolate(leader);
      cluster.hint(leader, false); // the others elect at once, while the old one still believes
      for (let at = 0; at < 10; at++) {
        for (const id of cluster.ids()) {
          cluster.propose(id, `${round}-${at}-${id}`);
          cluster.barrier(id);
        }
        cluster.run(20);
      }
      cluster.heal();
      cluster.run(300);
    }
    cluster.run(3000);

    cluster.promises.check();
    expect(cluster.promises.answeredReads).toBeGreaterThan(300);
  });
}
