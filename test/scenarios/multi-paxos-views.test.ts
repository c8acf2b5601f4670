import { expect, test } from "vitest";
import { newPaxosScenario, type PaxosScenario } from "../../src/simulator/multi-paxos/scenario.ts";
import { failoverMs, restartConformance, successionConformance } from "../conformance/replicated-log.ts";
import { openPaxos } from "../support/logs.ts";

const seeds = Array.from({ length: 20 }, (_, at) => at + 1);

test.each([3, 5])("a killed leader of %i is replaced within 100 ms when its links are seen to break", (members) => {
  const gaps = seeds
    .map((seed) => failoverMs(newPaxosScenario({ members, seed }), seed, true))
    .sort((left, right) => left - right);

  expect(gaps[Math.floor(seeds.length * 0.9)]).toBeLessThan(100); // the others heard a last word of it after that
  expect(gaps.at(-1)).toBeLessThan(1050);
});

test.each([3, 5])("a killed leader of %i is replaced within twice the progress timer without that", (members) => {
  const gaps = seeds
    .map((seed) => failoverMs(newPaxosScenario({ members, seed }), seed, false))
    .sort((left, right) => left - right);

  expect(gaps[0]).toBeGreaterThan(400); // nobody is deposed sooner
  expect(gaps[Math.floor(seeds.length * 0.9)]).toBeLessThan(1050);
  expect(gaps.at(-1)).toBeLessThan(2100);
});

restartConformance(openPaxos);
successionConformance(openPaxos);

/** Longest time in which nothing new was agreed on, while the members that can propose something every 20 ms. */
function longestPauseMs(cluster: PaxosScenario, ms: number): number {
  let longest = 0;
  let since = cluster.now;
  let count = cluster.agreed.length;
  for (const end = cluster.now + ms; cluster.now < end; cluster.run(20)) {
    for (const id of cluster.ids()) cluster.propose(id, `${id} at ${cluster.now}`);
    if (cluster.agreed.length === count) continue;
    longest = Math.max(longest, cluster.now - since);
    since = cluster.now;
    count = cluster.agreed.length;
  }
  return Math.max(longest, cluster.now - since);
}

/** All links but those given are cut. */
function only(cluster: PaxosScenario, ...links: string[]): void {
  for (const from of cluster.ids())
    for (const to of cluster.ids()) {
      const isKept = links.includes(`${from}${to}`) || links.includes(`${to}${from}`);
      if (from !== to && !isKept) cluster.cut(from, to);
    }
}

test("in a hub whose leader is a leaf, the hub comes to lead, and all are served", () => {
  const cluster = newPaxosScenario({ members: 5, seed: 3 });
  const leaf = cluster.leader();
  const [hub = "", ...others] = cluster.ids(leaf);
  only(cluster, `${hub}${leaf}`, ...others.map((id) => `${hub}${id}`));
  const pause = longestPauseMs(cluster, 5000);

  expect(cluster.leader()).toBe(hub);
  expect(pause).toBeLessThan(2500);
  for (const id of cluster.ids()) cluster.propose(id, `last of ${id}`);
  expect(cluster.until(() => cluster.ids().every((id) => cluster.agreesOn(`last of ${id}`)))).toBe(true);
});

test("a member that sees the leader only through another changes no view, and is served", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 4 });
  const leader = cluster.leader();
  const [bridge = "", end = ""] = cluster.ids(leader);
  cluster.run(500);
  const view = cluster.state(leader).lastInstalled;
  only(cluster, `${leader}${bridge}`, `${bridge}${end}`);
  cluster.propose(end, "from the end");
  const isServed = cluster.until(() => cluster.agreesOn("from the end"), 5000);
  cluster.run(5000);

  expect(isServed).toBe(true);
  expect(cluster.ids().map((id) => cluster.state(id).lastInstalled)).toEqual([view, view, view]);
});

test("a member that comes and goes changes no view", () => {
  const cluster = newPaxosScenario({ members: 5, seed: 5 });
  const leader = cluster.leader();
  cluster.run(500);
  const view = cluster.state(leader).lastInstalled;
  const [flapping = ""] = cluster.ids(leader);
  for (let round = 0; round < 10; round++) {
    cluster.isolate(flapping);
    cluster.run(800);
    cluster.heal();
    cluster.run(400);
  }

  expect(cluster.state(leader)).toMatchObject({ role: "leader", lastInstalled: view });
});

test.each(["deaf", "mute"])("a leader that becomes %s is replaced", (how) => {
  const cluster = newPaxosScenario({ members: 3, seed: 6 });
  const old = cluster.leader();
  cluster.run(300);
  for (const id of cluster.ids(old)) {
    if (how === "deaf") cluster.cut(id, old);
    else cluster.cut(old, id);
  }

  expect(cluster.leader(old)).not.toBe(old);
  cluster.heal();
  expect(cluster.until(() => cluster.state(old).leader !== undefined)).toBe(true);
  cluster.propose(old, "healed");
  expect(cluster.until(() => cluster.agreesOn("healed"))).toBe(true);
});

test("leadership is handed over without a pause that anyone would notice", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 7 });
  const old = cluster.leader();
  const [heir = ""] = cluster.ids(old);
  cluster.run(300);
  const start = cluster.now;
  cluster.request(old, { kind: "transfer", id: 900, to: heir });
  cluster.until(() => cluster.state(heir).role === "leader");

  expect(cluster.now - start).toBeLessThan(40);
  cluster.run(100);
  expect(cluster.fate(old, 900)).toEqual(["applied"]);
});
