import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";

function names(members: readonly { readonly id: string }[]): string {
  return members.map(({ id }) => id).join("");
}

/** Whoever leads is asked, until that membership is committed there. */
function reach(cluster: RaftScenario, voters: string, learners = ""): void {
  const isReached = cluster.until(() => {
    const leader = cluster.ids().find((id) => cluster.isUp(id) && cluster.state(id).role === "leader");
    if (leader === undefined) return false;
    const { membership, log, commit } = cluster.state(leader);
    const isWanted = names(membership.members) === voters && names(membership.learners) === learners;
    if (isWanted && membership.outgoing.length === 0 && (log.configurations.at(-1)?.index ?? 0) <= commit) return true;
    cluster.change(leader, voters, learners);
    return false;
  });
  expect(isReached, `${voters} vote and ${learners} learn`).toBe(true);
}

test("a member that comes back with an empty disk reads that it once was the only voter, and leads nobody", () => {
  const cluster = new RaftScenario({ members: 1, options: { appendBytesMax: 1, inflightCountMax: 1 } });
  cluster.join("n");
  for (const [voters, learners] of [
    ["a", "n"],
    ["an", ""],
    ["n", ""],
    ["n", "a"],
    ["na", ""],
    ["a", ""],
  ] as const) {
    reach(cluster, voters, learners);
  }
  cluster.run(1000); // n has heard that it takes part no more
  cluster.crash("n");
  cluster.wipe("n");
  cluster.start("n");
  cluster.change("a", "a", "n");
  const wasAlone = cluster.until(() => names(cluster.state("n").membership.members) === "n");

  cluster.isolate("n");
  cluster.run(10_000);
  const { role, term } = cluster.state("n");
  cluster.heal();
  reach(cluster, "an");
  cluster.propose("a", "x");
  const isBack = cluster.until(() => cluster.agreesOn("x"), 2000);

  expect(wasAlone).toBe(true);
  expect({ role, term }).toEqual({ role: "follower", term: cluster.state("a").term });
  expect(isBack).toBe(true);
});

test("a leader that removed itself stops as the only one with the final entry: it comes back, and hands over", () => {
  const cluster = new RaftScenario({ members: 2 });
  const old = cluster.leader();
  const [other = ""] = cluster.ids(old);
  cluster.run(200);
  cluster.change(old, other);
  const isFinal = () => cluster.state(old).membership.outgoing.length === 0 && cluster.state(old).log.last > 2;
  cluster.onSend = (from, to) => {
    if (from === old && isFinal()) cluster.cut(from, to);
  };
  const wasAlone = cluster.until(() => isFinal() && cluster.state(old).log.durable === cluster.state(old).log.last);
  cluster.crash(old);
  cluster.run(3000);
  const waited = cluster.state(other).role;
  cluster.onSend = () => undefined;
  cluster.heal();
  cluster.start(old);

  const isDone = cluster.until(
    () => cluster.state(other).role === "leader" && cluster.state(old).removed !== undefined,
  );
  const number = cluster.propose(other, "x");
  cluster.run(200);

  expect([wasAlone, waited, isDone]).toEqual([true, "preCandidate", true]);
  expect(cluster.fate(other, number)).toEqual(["accepted", "applied"]);
  expect(names(cluster.state(other).membership.members)).toBe(other);
});
