import { expect, test } from "vitest";
import { fromUtf8 } from "../../src/base/text.ts";
import { newPaxosScenario, type PaxosScenario } from "../../src/simulator/multi-paxos/scenario.ts";
import { type PaxosStore, recoverPaxos } from "../../src/simulator/multi-paxos/store.ts";

const options = { syncPending: true } as const;

/** What would wait if the member started again now. */
function waitingOnDisk(cluster: PaxosScenario, id: string): readonly string[] {
  const store = cluster.store(id) as unknown as PaxosStore; // made by `emptyStore`
  return recoverPaxos(store, 2 ** 20).pending.map(({ payload }) => fromUtf8(payload));
}

test("an update taken in by a member that is cut off, and then dies, is ordered when it comes back", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 2, options });
  const leader = cluster.leader();
  const [origin = ""] = cluster.ids(leader);
  cluster.isolate(origin);
  cluster.propose(origin, "kept");
  cluster.run(50);
  cluster.crash(origin);
  cluster.heal();
  cluster.propose(leader, "meanwhile");
  cluster.run(500);
  cluster.start(origin);

  expect(cluster.until(() => cluster.agreesOn("kept"))).toBe(true);
  cluster.promises.check();
  expect(cluster.agreed).toEqual(["meanwhile", "kept"]);
});

test("whenever the origin dies, what it stored is ordered, once; also when it dies again, and through snapshots", () => {
  let late = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const small = { ...options, retainCount: 0, chunkBytesMax: 64 };
    const cluster = newPaxosScenario({ members: 3, seed, options: small, world: { diskMs: [1, 6] } });
    const leader = cluster.leader();
    const origin = seed % 3 === 0 ? leader : (cluster.ids(leader)[0] ?? "");
    const stored = new Set<string>();
    for (let round = 0; round < 4; round++) {
      for (let at = 0; at < 5; at++) cluster.propose(origin, `${round}-${at}`);
      cluster.run((seed * 7 + round * 5) % 23);
      for (const text of waitingOnDisk(cluster, origin)) stored.add(text);
      late += [...stored].filter((text) => !cluster.agreed.includes(text)).length;
      cluster.crash(origin);
      cluster.run(100 + 300 * (round % 2));
      for (const id of cluster.ids(origin)) cluster.snapshot(id);
      cluster.start(origin);
      cluster.run(seed % 2 === 0 ? 10 : 700);
    }
    const isDone = cluster.until(() => [...stored].every((text) => cluster.agreesOn(text)));

    expect(isDone, `seed ${seed}`).toBe(true);
    cluster.run(500);
    expect(new Set(cluster.agreed).size, `seed ${seed}`).toBe(cluster.agreed.length);
  }

  expect(late).toBeGreaterThan(30); // many were stored, and not yet ordered, when their origin died
});
