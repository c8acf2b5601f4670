import { describe, expect, test } from "vitest";
import { only, PaxosMember, paxosMembers, report, update } from "../../../test/support/paxos-member.ts";
import { copyPlain } from "../../base/copy.ts";
import { toUtf8 } from "../../base/text.ts";
import { slotAt } from "./log/history.ts";
import { firstBase } from "./log/recovery.ts";
import { viewOf } from "./membership/configurations.ts";
import type { Base, PaxosRecord } from "./messages.ts";
import { MultiPaxos } from "./multi-paxos.ts";

const view = (attempt: number) => viewOf(0, attempt);
const [x, y, z] = [update("x", 1), update("y", 2), update("z", 3)];
const ordered: PaxosRecord[] = [
  { kind: "accepted", view: view(1), first: 1, updates: [x, y, z] },
  { kind: "ordered", through: 3 },
];
const snapshot = { index: 2, term: 1, bytes: 6, checksum: 7 };
const base: Base = {
  ...firstBase(paxosMembers("abc"), 8),
  floor: 2,
  through: 2,
  clients: [{ client: 7, next: 3, above: [] }],
};

describe("Q1: who is behind asks", () => {
  test("but not before a while, for what was said may only be on its way", () => {
    const member = new PaxosMember();
    member.receive("b", { kind: "viewProof", installed: view(1), heard: ["a"], leaderAlive: true, aru: 3 });
    expect(only(member.tick(3), "⇢ b e0 a0 reconcile")).toEqual([]);

    expect(only(member.tick(2), "⇢ b e0 a0 reconcile")).toEqual(["⇢ b e0 a0 reconcile from 1"]);
  });

  test("and another, when that one does not answer", () => {
    const member = new PaxosMember();
    for (const from of ["b", "c"])
      member.receive(from, { kind: "viewProof", installed: view(1), heard: ["a"], leaderAlive: false, aru: 3 });
    const asked = only(member.tick(9), "⇢").filter((word) => word.includes("reconcile"));

    expect(new Set(asked.map((word) => word.slice(0, 3)))).toEqual(new Set(["⇢ b", "⇢ c"]));
  });
});

describe("Q2: the answer", () => {
  test("is what is ordered, and nothing that is only accepted", () => {
    const accepted: PaxosRecord = { kind: "accepted", view: view(1), first: 4, updates: [update("w", 4)] };
    const member = new PaxosMember({ records: [...ordered, accepted] });

    expect(member.receive("c", { kind: "reconcile", first: 2 })).toContain('⇢ c e0 a3 reconcileData 2@1 "y" 3@1 "z"');
  });

  test("comes from storage when it is not in memory any more", () => {
    const member = new PaxosMember({ records: ordered, options: { tailBytesMax: 10 }, applied: 3 });
    const words = member.receive("c", { kind: "reconcile", first: 2 });
    expect(words).toContain("want 1: entries from 2");

    const found = { kind: "entries", from: 2, entries: [y, z] } as const;
    expect(member.request({ kind: "supply", want: 1, found })).toEqual(['⇢ c e0 a3 reconcileData 2@1 "y" 3@1 "z"']);
  });

  test("is an offer of a snapshot for what the log does not reach back to", () => {
    const records: PaxosRecord[] = [...ordered, { kind: "base", base, snapshot, isOwn: true, promised: 0 }];
    const member = new PaxosMember({ records, applied: 2 });

    expect(member.receive("c", { kind: "reconcile", first: 2 })).toContain("⇢ c e0 a3 offer of 2");
  });

  test("tells who knows nobody who takes part, too", () => {
    const member = new PaxosMember({ records: ordered });

    expect(member.receive("d", { kind: "reconcile", first: 0, epoch: -1 })).toContain(
      '⇢ d e0 a3 reconcileData 1@1 "x" 2@1 "y" 3@1 "z" and the founding',
    );
  });
});

describe("Q3: what others have ordered is learned", () => {
  test("whatever was accepted there; it is stored before the next question leaves, and delivered once durable", () => {
    const member = new PaxosMember({ records: [{ kind: "accepted", view: view(1), first: 1, updates: [z] }] });
    member.receive("b", { kind: "viewProof", installed: view(1), heard: ["a"], leaderAlive: true, aru: 3 });
    member.tick(5);
    const words = member.receive("b", { kind: "reconcileData", first: 1, updates: [x, y], aru: 3 });
    expect(only(words, "store", "→")).toEqual([
      ...['store learned 1@1 "x" 2@1 "y"', "→ b e0 a0 reconcile from 3", "store ordered 2"],
    ]);

    expect(only(member.flush(), "committed")).toEqual(['committed 1@1 "x" 2@1 "y"']);
  });
});

describe("Q4: a snapshot", () => {
  /** A member that is offered a snapshot of the first two, having accepted the third. */
  function offered(): PaxosMember {
    const member = new PaxosMember({ records: [{ kind: "accepted", view: view(1), first: 3, updates: [z] }] });
    member.receive("b", { kind: "offer", snapshot, base, aru: 2 });
    return member;
  }

  test("is fetched piece by piece, each stored before the next is asked for", () => {
    const member = offered();
    const words = member.receive("b", { kind: "chunk", snapshot, offset: 0, bytes: toUtf8("abc") });

    expect(words).toEqual(["store chunk of 2 from 0: 3 bytes", "→ b e0 a0 fetch of 2 from 3"]);
  });

  test("is installed with its last piece; what is accepted above it stays", () => {
    const member = offered();
    member.receive("b", { kind: "chunk", snapshot, offset: 0, bytes: toUtf8("abc") });
    const words = member.receive("b", { kind: "chunk", snapshot, offset: 3, bytes: toUtf8("def") });
    expect(only(words, "store")).toEqual(["store chunk of 2 from 3: 3 bytes", "store base 2 snapshot 2"]);
    expect(slotAt(member.state.history, 3)?.update).toEqual(z);
    expect(member.state.facts.clients.get(7)?.next).toBe(3);

    expect(only(member.flush(), "restore")).toEqual(["restore 2@1"]);
  });

  test("goes on where a piece was lost, and takes none twice", () => {
    const member = offered();
    const piece = { kind: "chunk", snapshot, offset: 0, bytes: toUtf8("abc") } as const;
    member.receive("b", piece);

    expect(member.receive("b", piece)).toEqual([]);
    expect(member.receive("c", { kind: "offer", snapshot, base, aru: 2 })).toEqual(["→ c e0 a0 fetch of 2 from 3"]);
  });

  test("of less than is ordered here is not taken", () => {
    const member = new PaxosMember({ records: ordered });

    expect(only(member.receive("b", { kind: "offer", snapshot, base, aru: 2 }), "→")).toEqual([]);
  });

  test("a leader that is brought further by others forgets nothing that it has queued", () => {
    const member = new PaxosMember({ options: { alpha: 1 } });
    const own = member.lead();
    member.receive("b", { kind: "clientUpdate", updates: [y, z], hops: 1 });
    member.receive("b", { kind: "offer", snapshot, base: { ...base, clients: [] }, aru: 2 });
    member.receive("b", { kind: "chunk", snapshot, offset: 0, bytes: toUtf8("abcdef") });
    member.receive("b", { kind: "clientUpdate", updates: [y, z], hops: 1 });

    expect(member.state.leadership).toMatchObject({ lastProposed: 3, queue: [] });
    expect(slotAt(member.state.history, 3)).toMatchObject({ view: own, update: { timestamp: 3 } });
  });

  test("a piece comes from storage", () => {
    const records: PaxosRecord[] = [...ordered, { kind: "base", base, snapshot, isOwn: true, promised: 0 }];
    const member = new PaxosMember({ records, applied: 2 });
    expect(member.receive("c", { kind: "fetch", snapshot, offset: 3 })).toContain("want 1: chunk of 2@1 from 3");

    const found = { kind: "chunk", offset: 3, bytes: toUtf8("def") } as const;
    expect(member.request({ kind: "supply", want: 1, found })).toContain("⇢ c e0 a3 chunk of 2 from 3: 3 bytes");
  });

  test("an own update that it holds, and that will not be seen, is settled as applied (C6)", () => {
    const member = new PaxosMember();
    member.follow();
    member.propose(9, "p");
    const clients = [{ client: member.state.life, next: 2, above: [] }];
    member.receive("b", { kind: "offer", snapshot, base: { ...base, clients }, aru: 2 });
    member.receive("b", { kind: "chunk", snapshot, offset: 0, bytes: toUtf8("abcdef") });

    expect(only(member.flush(), "restore", "settled")).toEqual(["restore 2@1", "settled #9 applied"]);
  });
});

test("a member whose owner waits for a snapshot goes on from a copy of its state", () => {
  const member = new PaxosMember();
  member.receive("b", { kind: "offer", snapshot, base, aru: 2 });
  member.receive("b", { kind: "chunk", snapshot, offset: 0, bytes: toUtf8("abcdef") });
  const copy = MultiPaxos.resume(copyPlain(member.state));

  expect(copy.inspect()).toEqual(member.state);
});

describe("Q5, Q6: trimming", () => {
  test("goes no further than the owner's snapshot, and keeps what is not ordered", () => {
    const accepted: PaxosRecord = { kind: "accepted", view: view(1), first: 5, updates: [update("w", 5)] };
    const member = new PaxosMember({ records: [...ordered, accepted], applied: 3, options: { retainCount: 0 } });
    member.request({ kind: "snapshotTaken", snapshot: { ...snapshot, index: 2 } });

    expect(member.state.history).toMatchObject({ floor: 2, aru: 3, tailFrom: 3 });
    expect(slotAt(member.state.history, 5)?.isOrdered).toBe(false);
  });

  test("leaves what a member a little behind needs", () => {
    const member = new PaxosMember({ records: ordered, applied: 3, options: { retainCount: 2 } });
    member.request({ kind: "snapshotTaken", snapshot: { ...snapshot, index: 3 } });

    expect(member.state.history.floor).toBe(1);
  });

  test("the promise is stored with it: the record that held it may go", () => {
    const member = new PaxosMember({ records: ordered, applied: 3 });
    member.request({ kind: "snapshotTaken", snapshot: { ...snapshot, index: 3 } });

    expect(member.records.at(-1)).toMatchObject({ kind: "base", promised: view(1) });
  });
});

describe("what is said of places far ahead", () => {
  const far = 2 ** 33;

  test("costs nothing: who is far behind hears of the order with each message", () => {
    const member = new PaxosMember();
    const before = performance.now();
    member.receive("b", { kind: "heartbeat", view: view(1), ordered: far, stable: 0, round: 0 });

    expect(performance.now() - before).toBeLessThan(1000);
    expect(member.state.known).toEqual({ seq: far, by: "b" });
  });

  test("is not learned before what lies between: no memory goes into gaps", () => {
    const member = new PaxosMember();
    member.receive("b", { kind: "reconcileData", first: 1_000_000, updates: [x] });
    expect(member.state.history.slots).toEqual([]);

    const own = member.attempt();
    member.receive("b", { kind: "viewChange", attempted: own, heard: ["a"] });
    member.flush();
    const answer = { kind: "prepareOk", view: own, build: 1, part: 0, parts: 1 } as const;
    member.receive("b", { ...answer, reports: [report(1_000_000, 0, x), report(1, view(1), y)] });

    expect(member.state.history.slots.length).toBeLessThan(100);
  });
});
