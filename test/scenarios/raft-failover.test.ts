import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";

const seeds = Array.from({ length: 20 }, (_, at) => at + 1);

/** Simulated ms from the leader's death until another leads with a majority behind it. */
function gapMs(seed: number, members: number, hint: boolean): number {
  const cluster = new RaftScenario({ members, seed });
  const old = cluster.leader();
  cluster.run(1000 + 37 * seed);
  cluster.crash(old, hint);
  const start = cluster.now;
  cluster.leader(old);
  return cluster.now - start;
}

test.each([3, 5])("a killed leader of %i is replaced within 100 ms when its links are seen to break", (members) => {
  const gaps = seeds.map((seed) => gapMs(seed, members, true));

  expect(Math.max(...gaps)).toBeLessThan(100);
});

test.each([3, 5])("a killed leader of %i is replaced within twice the election timeout without that", (members) => {
  const gaps = seeds.map((seed) => gapMs(seed, members, false)).sort((left, right) => left - right);

  expect(gaps[0]).toBeGreaterThan(400); // nobody is deposed sooner
  expect(gaps[Math.floor(seeds.length * 0.9)]).toBeLessThan(1050); // 500 … 1000 ms, and two round trips
  expect(gaps.at(-1)).toBeLessThan(2100); // a split vote costs another
});

test("a leader killed again and again loses nothing that was acknowledged", () => {
  const cluster = new RaftScenario({ members: 3, seed: 11 });
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
  const cluster = new RaftScenario({ members: 3, seed: 12 });
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

test("a leader whose thread stood still is replaced, and answers nothing from its past when it goes on", () => {
  const cluster = new RaftScenario({ members: 3, seed: 4 });
  const old = cluster.leader();
  cluster.pause(old);
  const write = cluster.propose(old, "asked of a sleeper");
  const read = cluster.barrier(old);
  const next = cluster.leader(old);
  cluster.propose(next, "meanwhile");
  cluster.run(100);

  cluster.resume(old);
  cluster.run(1000);

  expect(cluster.fate(old, read).join()).not.toContain("readable 1"); // before what was written meanwhile
  expect(cluster.applied().every((texts) => texts[0] === "meanwhile")).toBe(true);
  expect(["applied", "refused no-leader"]).toContain(cluster.fate(old, write).at(-1));
});

test("a leader that is told to stop steps down, and another takes over", () => {
  const cluster = new RaftScenario({ members: 3, seed: 4 });
  const old = cluster.leader();

  cluster.request(old, { kind: "resign", reason: "stopping" });
  const next = cluster.leader(old);
  const number = cluster.propose(next, "x");
  cluster.run(100);

  expect(cluster.fate(old, cluster.propose(old, "y"))).toEqual(["refused stopping"]);
  expect(cluster.fate(next, number)).toEqual(["accepted", "applied"]);
});

test("reads are never stale while leadership moves, and most are answered", () => {
  const cluster = new RaftScenario({ members: 3, seed: 9 });
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
