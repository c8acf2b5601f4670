import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";
import { failoverMs, restartConformance } from "../conformance/replicated-log.ts";

const seeds = Array.from({ length: 20 }, (_, at) => at + 1);

test.each([3, 5])("a killed leader of %i is replaced within 100 ms when its links are seen to break", (members) => {
  const gaps = seeds.map((seed) => failoverMs(new RaftScenario({ members, seed }), seed, true));

  expect(Math.max(...gaps)).toBeLessThan(100);
});

test.each([3, 5])("a killed leader of %i is replaced within twice the election timeout without that", (members) => {
  const gaps = seeds
    .map((seed) => failoverMs(new RaftScenario({ members, seed }), seed, false))
    .sort((left, right) => left - right);

  expect(gaps[0]).toBeGreaterThan(400); // nobody is deposed sooner
  expect(gaps[Math.floor(seeds.length * 0.9)]).toBeLessThan(1050); // 500 … 1000 ms, and two round trips
  expect(gaps.at(-1)).toBeLessThan(2100); // a split vote costs another
});

restartConformance((setup) => new RaftScenario(setup));

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
