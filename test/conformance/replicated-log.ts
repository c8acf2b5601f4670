import { expect, test } from "vitest";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import type { LogScenario } from "../../src/simulator/replicated/scenario/scenario.ts";

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
export function restartConformance<V extends LogVocabulary, State>(
  open: (setup: { readonly members: number; readonly seed: number }) => LogScenario<V, State>,
): void {
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
