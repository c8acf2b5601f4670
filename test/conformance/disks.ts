import { expect, test } from "vitest";
import { calmWorld } from "../../src/simulator/plans/run.ts";
import type { LogVocabulary } from "../../src/simulator/replicated/replica.ts";
import { leadership, type OpenLog } from "./replicated-log.ts";

/** What any replicated log owes where disks stand still, are full, are lost or answer late. */
export function diskConformance<V extends LogVocabulary, State>(open: OpenLog<V, State>): void {
  test("a leader with a stuck disk steps down within twice the time that a leader may be silent, and the others serve on", () => {
    const cluster = open({ members: 3, seed: 2 });
    const old = cluster.leader();
    cluster.stickDisk(old);
    cluster.propose(old, "x");
    const start = cluster.now;

    const next = cluster.leader(old);
    const gapMs = cluster.now - start;
    const number = cluster.propose(next, "y");
    cluster.run(100);
    const fate = cluster.fate(next, number);
    cluster.mendDisk(old);
    cluster.until(() => cluster.agreesOn("y"));

    expect(gapMs).toBeLessThan(2000); // one timeout until it gives up, one to two until another is elected
    expect(fate).toEqual(["accepted", "applied"]);
    expect(cluster.applied()).toEqual([cluster.texts(next), cluster.texts(next), ["x", "y"]]);
  });

  test("a follower with a stuck disk delays nobody, campaigns for nothing, and catches up", () => {
    const cluster = open({ members: 3, seed: 2 });
    const leader = cluster.leader();
    const { term } = cluster.standing(leader);
    const slow = cluster.ids(leader)[0] ?? "";
    cluster.stickDisk(slow);
    const numbers = Array.from({ length: 20 }, (_, at) => cluster.propose(leader, `x${at}`));

    cluster.run(3000);
    const fates = numbers.map((number) => cluster.fate(leader, number).at(-1));
    const meanwhile = cluster.texts(slow).length;
    cluster.mendDisk(slow);
    cluster.until(() => cluster.agreesOn("x19"));

    expect(new Set(fates)).toEqual(new Set(["applied"]));
    expect(meanwhile).toBe(0); // nothing is delivered that is not durable here
    expect(leadership(cluster, leader)).toEqual({ leads: true, term });
  });

  test("a full disk: the leader resigns and refuses, nothing acknowledged is lost, and it serves again with room", () => {
    const cluster = open({ members: 3, seed: 6 });
    const old = cluster.leader();
    for (let at = 0; at < 10; at++) cluster.propose(old, `before-${at}`);
    cluster.run(3);
    cluster.fillDisk(old);
    cluster.propose(old, "finds no room");
    cluster.run(5);
    const refused = cluster.propose(old, "no room");
    const next = cluster.leader(old);
    cluster.propose(next, "meanwhile");
    cluster.run(500);

    cluster.mendDisk(old);
    cluster.until(() => cluster.agreesOn("meanwhile"));
    cluster.propose(old, "after");
    const isBack = cluster.until(() => cluster.agreesOn("after"));

    expect(cluster.fate(old, refused)).toEqual(["refused disk-full"]);
    expect(isBack).toBe(true);
    cluster.promises.check();
  });

  test("full disks at a majority stop the cluster, and room lets it go on with everything acknowledged", () => {
    const cluster = open({ members: 3, seed: 6 });
    const leader = cluster.leader();
    const [one = "", other = ""] = cluster.ids(leader);
    cluster.propose(leader, "kept");
    cluster.run(50);
    cluster.fillDisk(one);
    cluster.fillDisk(other);
    const stuck = cluster.propose(leader, "waits");
    cluster.run(3000);
    const meanwhile = cluster.fate(leader, stuck);

    cluster.mendDisk(one);
    cluster.mendDisk(other);
    cluster.run(300); // a write is tried again after a while
    cluster.leader();
    cluster.propose("a", "fresh");
    cluster.until(() => cluster.agreesOn("fresh"));

    expect(meanwhile).not.toContain("applied");
    expect(cluster.applied()).toEqual(Array(3).fill(["kept", "waits", "fresh"]));
  });

  test.each([
    ["its log", 5000],
    ["a snapshot", 0],
  ])("a member whose disk was wiped, while the others are healthy, catches up from %s", (_source, retainCount) => {
    const cluster = open({ members: 3, seed: 8, options: { retainCount, chunkBytesMax: 32 } });
    const leader = cluster.leader();
    const { term } = cluster.standing(leader);
    const wiped = cluster.ids(leader)[0] ?? "";
    for (let at = 0; at < 30; at++) cluster.propose(leader, `x${at}`);
    cluster.until(() => cluster.agreesOn("x29"));
    for (const id of cluster.ids(wiped)) cluster.snapshot(id); // whoever is asked has no more of its log
    cluster.run(200); // every member's term is stored, and each has voted in it or follows its leader

    cluster.crash(wiped);
    cluster.wipe(wiped);
    cluster.start(wiped);
    cluster.propose(leader, "after");
    const isBack = cluster.until(() => cluster.agreesOn("after"));

    expect(isBack).toBe(true);
    expect(cluster.applied()[1]).toEqual(cluster.applied()[2]);
    expect(leadership(cluster, leader)).toEqual({ leads: true, term });
    const isRestored = cluster.outputs(wiped).some((output) => output.kind === "restore");
    expect(isRestored).toBe(retainCount === 0);
  });

  test("late answers of storage and repeated messages harm nothing", () => {
    const world = { delayMs: [1, 50], diskMs: [1, 700], repeat: 300, lostReads: 100 } as const;
    const options = { tailBytesMax: 600, runBytesMax: 600, chunkBytesMax: 40, retainCount: 3 };
    const cluster = open({ members: 3, seed: 21, options, world });
    for (let round = 0; round < 100; round++) {
      const up = cluster.ids().filter((id) => cluster.isUp(id));
      for (const id of up) cluster.propose(id, `${round}-${id}`);
      for (const id of up) if (round % 7 === 0) cluster.snapshot(id);
      const one = cluster.ids()[round % 3] ?? "";
      if (round % 10 === 3) cluster.isolate(one);
      if (round % 10 === 8) cluster.heal();
      cluster.run(150);
    }
    cluster.heal();
    cluster.cluster.world = { ...calmWorld, delayMs: [1, 50] };
    cluster.run(3000);
    cluster.propose(cluster.leader(), "last");

    expect(cluster.until(() => cluster.agreesOn("last"))).toBe(true);
    cluster.run(3000);
    cluster.promises.check();
  });
}
