import { expect, test } from "vitest";
import { newPaxosScenario, type PaxosScenario } from "../../src/simulator/multi-paxos/scenario.ts";

function names(members: readonly { readonly id: string }[]): string {
  return members
    .map(({ id }) => id)
    .sort()
    .join("");
}

/** Whoever leads is asked, until that membership is in force there. */
function reach(cluster: PaxosScenario, voters: string, learners = ""): void {
  const isReached = cluster.until(() => {
    const leader = cluster.ids().find((id) => cluster.isUp(id) && cluster.state(id).role === "leader");
    if (leader === undefined) return false;
    const { membership } = cluster.state(leader);
    const isWanted = names(membership.members) === voters && names(membership.learners) === learners;
    if (isWanted && membership.outgoing.length === 0) return true;
    cluster.change(leader, voters, learners);
    return false;
  });
  expect(isReached, `${voters} vote and ${learners} learn`).toBe(true);
}

test("all members are replaced, by ones that were never part of the group; nothing is lost, and the old ones hear of it", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 2, options: { alpha: 8 } });
  cluster.leader();
  cluster.propose("a", "before");
  for (const id of ["d", "e", "f"]) cluster.join(id);
  reach(cluster, "abc", "def");
  cluster.until(() => cluster.state("b").leader !== undefined);
  cluster.propose("b", "between");
  cluster.run(500);
  reach(cluster, "def");
  cluster.until(() => cluster.state("d").leader !== undefined);
  cluster.propose("d", "after");
  const isDone = cluster.until(() => ["d", "e", "f"].every((id) => cluster.texts(id).includes("after")));

  expect(isDone).toBe(true);
  expect(cluster.texts("e")).toEqual(["before", "between", "after"]);
  const areTold = cluster.until(() => ["a", "b", "c"].every((id) => cluster.state(id).removed !== undefined));
  expect(areTold).toBe(true);
});

test("a leader that removes itself is followed at once by the first of those that stay", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 3, options: { alpha: 4 } });
  const old = cluster.leader();
  const rest = names(cluster.ids(old).map((id) => ({ id })));
  cluster.run(300);
  cluster.change(old, rest);
  const start = cluster.now;
  const isLed = cluster.until(() => cluster.ids(old).some((id) => cluster.state(id).role === "leader"));

  expect(isLed).toBe(true);
  expect(cluster.now - start).toBeLessThan(300);
});

test("a restart of all, at any moment of a change, leaves a group that goes on", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const cluster = newPaxosScenario({ members: 3, seed, options: { alpha: 1 + (seed % 3) } });
    const leader = cluster.leader();
    cluster.join("d");
    reach(cluster, "abc", "d");
    cluster.run(400);
    const changed = cluster.ids().find((id) => cluster.isUp(id) && cluster.state(id).role === "leader") ?? leader;
    cluster.change(changed, "abd");
    cluster.run(1 + (seed % 20));
    for (const id of cluster.ids()) cluster.crash(id, false);
    for (const id of cluster.ids()) cluster.start(id);
    const isLed = cluster.until(() => cluster.ids().some((id) => cluster.state(id).role === "leader"));
    expect(isLed, `seed ${seed}`).toBe(true);
    reach(cluster, "abd");
    cluster.run(200);
    const number = cluster.propose("d", "x");
    expect(
      cluster.until(() => cluster.texts("a").includes("x")),
      `seed ${seed}: ${cluster.fate("d", number)}`,
    ).toBe(true);
  }
});

test("who was away while it was removed learns so when it comes back", () => {
  const cluster = newPaxosScenario({ members: 3, seed: 5, options: { alpha: 4 } });
  const leader = cluster.leader();
  const [away = ""] = cluster.ids(leader);
  cluster.run(200);
  cluster.crash(away);
  reach(cluster, names(cluster.ids(away).map((id) => ({ id }))));
  cluster.start(away);

  expect(cluster.until(() => cluster.state(away).removed !== undefined)).toBe(true);
});
