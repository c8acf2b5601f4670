import { expect, test } from "vitest";
import { RaftScenario } from "../../src/simulator/raft/scenario.ts";

test("three members elect a leader and agree on what is proposed anywhere", () => {
  const cluster = new RaftScenario({ members: 3 });
  const leader = cluster.leader();
  const texts = Array.from({ length: 20 }, (_, at) => `x${at}`);

  for (const [at, text] of texts.entries()) {
    cluster.propose(["a", "b", "c"][at % 3] ?? "a", text);
    cluster.run(10);
  }
  cluster.run(200);

  expect(cluster.state(leader).role).toBe("leader");
  expect(cluster.applied()).toEqual([texts, texts, texts]);
});

test("one member alone leads and commits", () => {
  const cluster = new RaftScenario({ members: 1 });
  cluster.leader();

  const number = cluster.propose("a", "x", "y");
  cluster.run(50);
  const read = cluster.barrier("a");
  cluster.run(50);

  expect(cluster.applied()).toEqual([["x", "y"]]);
  expect(cluster.fate("a", number)).toEqual(["accepted", "applied"]);
  expect(cluster.fate("a", read)).toEqual(["readable 3"]);
});

test("an isolated leader commits nothing and adopts the majority's log on return", () => {
  const cluster = new RaftScenario({ members: 5, seed: 7 });
  const old = cluster.leader();
  cluster.isolate(old);
  const lost = cluster.propose(old, "lost");
  const next = cluster.leader(old);
  const kept = cluster.propose(next, "kept");
  cluster.run(100);
  const before = cluster.fate(old, lost);

  cluster.heal();
  cluster.until(() => cluster.agreesOn("kept"));

  expect(before).toEqual(["accepted"]);
  expect(cluster.applied()).toEqual(Array(5).fill(["kept"]));
  expect(cluster.fate(old, lost)).toEqual(["accepted", "lost"]); // told on return, though the new log is no longer
  expect(cluster.fate(next, kept)).toEqual(["accepted", "applied"]);
});

test("a minority serves nothing, though it holds the old leader; the majority serves on", () => {
  const cluster = new RaftScenario({ members: 5, seed: 3 });
  const old = cluster.leader();
  const friend = cluster.ids(old)[0] ?? "";
  cluster.split(old, friend);

  const writes = [old, friend].map((id) => ({ id, number: cluster.propose(id, `minority-${id}`) }));
  const reads = [old, friend].map((id) => ({ id, number: cluster.barrier(id) }));
  const next = cluster.ids(old, friend)[0] ?? "";
  cluster.run(3000);
  const write = cluster.propose(next, "majority");
  const read = cluster.barrier(next);
  cluster.run(100);

  for (const { id, number } of [...writes, ...reads]) {
    expect(cluster.fate(id, number).join()).not.toMatch(/applied|readable/);
  }
  for (const id of [old, friend]) {
    expect(cluster.state(id).role).not.toBe("leader");
    expect(cluster.fate(id, cluster.propose(id, "late"))).toEqual(["refused no-leader"]);
    expect(cluster.fate(id, cluster.barrier(id))).toEqual(["refused no-leader"]);
  }
  expect(cluster.fate(next, write).at(-1)).toBe("applied");
  expect(cluster.fate(next, read)[0]).toMatch(/^readable/);
});

test("a member that was cut off returns without disturbing: the term and the leader stay", () => {
  const cluster = new RaftScenario({ members: 3, seed: 5 });
  const leader = cluster.leader();
  const { term } = cluster.state(leader);
  const lonely = cluster.ids(leader)[0] ?? "";
  cluster.isolate(lonely);
  cluster.run(30_000);
  cluster.propose(leader, "meanwhile");

  cluster.heal();
  cluster.until(() => cluster.agreesOn("meanwhile"));
  cluster.run(2000);

  expect(cluster.state(leader)).toMatchObject({ role: "leader", term });
  expect(cluster.state(lonely)).toMatchObject({ role: "follower", term, leader });
});

test("a follower that cannot hear its leader, but is heard, deposes nobody and is told what it missed", () => {
  const cluster = new RaftScenario({ members: 3, seed: 5 });
  const leader = cluster.leader();
  const { term } = cluster.state(leader);
  const deaf = cluster.ids(leader)[0] ?? "";
  cluster.cut(leader, deaf);

  cluster.run(5000);
  const number = cluster.propose(leader, "x");
  cluster.run(100);
  const meanwhile = { fate: cluster.fate(leader, number), ...cluster.state(leader) };
  cluster.heal();
  cluster.until(() => cluster.agreesOn("x"));

  expect(meanwhile).toMatchObject({ fate: ["accepted", "applied"], role: "leader", term });
  expect(cluster.texts(deaf)).toEqual(["x"]);
});

test("a leader that is heard, but hears nobody, steps down and is replaced", () => {
  const cluster = new RaftScenario({ members: 3, seed: 5 });
  const deaf = cluster.leader();
  for (const id of cluster.ids(deaf)) cluster.cut(id, deaf);

  const isReplaced = cluster.until(() => cluster.ids(deaf).some((id) => cluster.state(id).role === "leader"), 3000);

  expect(isReplaced).toBe(true);
  expect(cluster.state(deaf).role).not.toBe("leader");
});

test("two of three that cannot reach each other keep the leader that both reach", () => {
  const cluster = new RaftScenario({ members: 3, seed: 5 });
  const leader = cluster.leader();
  const { term } = cluster.state(leader);
  const [one = "", other = ""] = cluster.ids(leader);
  cluster.cut(one, other);
  cluster.cut(other, one);

  cluster.run(100);
  cluster.propose(one, "x");
  cluster.run(10_000);

  expect(cluster.state(leader)).toMatchObject({ role: "leader", term });
  expect(cluster.applied()).toEqual([["x"], ["x"], ["x"]]);
});

test("a link that breaks between a follower and its leader, while both live, deposes nobody", () => {
  const cluster = new RaftScenario({ members: 5, seed: 5 });
  const leader = cluster.leader();
  const { term } = cluster.state(leader);
  const one = cluster.ids(leader)[0] ?? "";
  cluster.cut(one, leader);
  cluster.cut(leader, one);
  cluster.tellLink(one, leader, false);

  cluster.run(5000);

  expect(cluster.state(leader)).toMatchObject({ role: "leader", term });
});
