import { expect, test } from "vitest";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import { leadership, type OpenLog } from "./replicated-log.ts";

/** What any replicated log owes to members that cannot all reach each other. */
export function partitionConformance<V extends LogVocabulary, State>(open: OpenLog<V, State>): void {
  test("three members elect a leader and agree on what is proposed anywhere", () => {
    const cluster = open({ members: 3 });
    const leader = cluster.leader();
    const texts = Array.from({ length: 20 }, (_, at) => `x${at}`);

    for (const [at, text] of texts.entries()) {
      cluster.propose(["a", "b", "c"][at % 3] ?? "a", text);
      cluster.run(10);
    }
    cluster.run(200);

    expect(cluster.leads(leader)).toBe(true);
    expect(cluster.applied()).toEqual([texts, texts, texts]);
  });

  test("one member alone leads and commits", () => {
    const cluster = open({ members: 1 });
    cluster.leader();

    const number = cluster.propose("a", "x", "y");
    cluster.run(50);
    const read = cluster.barrier("a");
    cluster.run(50);

    expect(cluster.applied()).toEqual([["x", "y"]]);
    expect(cluster.fate("a", number)).toEqual(["accepted", "applied"]);
    expect(cluster.fate("a", read).join()).toMatch(/^readable [23]$/); // Raft opens its term with an entry
  });

  test("a minority serves nothing, though it holds the old leader; the majority serves on", () => {
    const cluster = open({ members: 5, seed: 3 });
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
      expect(cluster.leads(id)).toBe(false);
      expect(cluster.fate(id, cluster.propose(id, "late"))).toEqual(["refused no-leader"]);
      expect(cluster.fate(id, cluster.barrier(id))).toEqual(["refused no-leader"]);
    }
    expect(cluster.fate(next, write).at(-1)).toBe("applied");
    expect(cluster.fate(next, read)[0]).toMatch(/^readable/);
  });

  test("a member that was cut off returns without disturbing: the term and the leader stay", () => {
    const cluster = open({ members: 3, seed: 5 });
    const leader = cluster.leader();
    const { term } = cluster.standing(leader);
    const lonely = cluster.ids(leader)[0] ?? "";
    cluster.isolate(lonely);
    cluster.run(30_000);
    cluster.propose(leader, "meanwhile");

    cluster.heal();
    cluster.until(() => cluster.agreesOn("meanwhile"));
    cluster.run(2000);

    expect(leadership(cluster, leader)).toEqual({ leads: true, term });
    expect(cluster.standing(lonely)).toMatchObject({ term, leader });
  });

  test("a follower that cannot hear its leader, but is heard, deposes nobody and is told what it missed", () => {
    const cluster = open({ members: 3, seed: 5 });
    const leader = cluster.leader();
    const { term } = cluster.standing(leader);
    const deaf = cluster.ids(leader)[0] ?? "";
    cluster.cut(leader, deaf);

    cluster.run(5000);
    const number = cluster.propose(leader, "x");
    cluster.run(100);
    const meanwhile = { fate: cluster.fate(leader, number), ...leadership(cluster, leader) };
    cluster.heal();
    cluster.until(() => cluster.agreesOn("x"));

    expect(meanwhile).toEqual({ fate: ["accepted", "applied"], leads: true, term });
    expect(cluster.texts(deaf)).toEqual(["x"]);
  });

  test("a leader that is heard, but hears nobody, steps down and is replaced", () => {
    const cluster = open({ members: 3, seed: 5 });
    const deaf = cluster.leader();
    for (const id of cluster.ids(deaf)) cluster.cut(id, deaf);

    const isReplaced = cluster.until(() => cluster.ids(deaf).some((id) => cluster.leads(id)), 3000);

    expect(isReplaced).toBe(true);
    expect(cluster.leads(deaf)).toBe(false);
  });

  test("two of three that cannot reach each other keep the leader that both reach", () => {
    const cluster = open({ members: 3, seed: 5 });
    const leader = cluster.leader();
    const { term } = cluster.standing(leader);
    const [one = "", other = ""] = cluster.ids(leader);
    cluster.cut(one, other);
    cluster.cut(other, one);

    cluster.run(100);
    cluster.propose(one, "x");
    cluster.run(10_000);

    expect(leadership(cluster, leader)).toEqual({ leads: true, term });
    expect(cluster.applied()).toEqual([["x"], ["x"], ["x"]]);
  });

  test("a link that breaks between a follower and its leader, while both live, deposes nobody", () => {
    const cluster = open({ members: 5, seed: 5 });
    const leader = cluster.leader();
    const { term } = cluster.standing(leader);
    const one = cluster.ids(leader)[0] ?? "";
    cluster.cut(one, leader);
    cluster.cut(leader, one);
    cluster.tellLink(one, leader, false);

    cluster.run(5000);

    expect(leadership(cluster, leader)).toEqual({ leads: true, term });
  });

  test("an isolated leader settles nothing, and takes over what the majority agreed on when it returns", () => {
    const cluster = open({ members: 5, seed: 7 });
    const old = cluster.leader();
    cluster.isolate(old);
    const alone = cluster.propose(old, "alone");
    const next = cluster.leader(old);
    const kept = cluster.propose(next, "kept");
    cluster.run(100);
    const before = cluster.fate(old, alone);

    cluster.heal();
    cluster.until(() => cluster.agreesOn("kept"));
    cluster.run(1000);

    expect(before.join()).not.toMatch(/applied|lost|unknown/);
    expect(cluster.applied().every(([first]) => first === "kept")).toBe(true);
    expect(cluster.fate(next, kept)).toEqual(["accepted", "applied"]);
    cluster.promises.check();
  });
}
