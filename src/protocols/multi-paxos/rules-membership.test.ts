import { describe, expect, test } from "vitest";
import { only, PaxosMember, paxosMembers, update } from "../../../test/support/paxos-member.ts";
import { encodeChange } from "./codec/change-codec.ts";
import { decide, foundingOf, viewOf } from "./membership/configurations.ts";
import type { PaxosRecord, Update } from "./messages.ts";

const proof = { kind: "viewProof", heard: ["a"], leaderAlive: false } as const;

/** A change of members as it stands in the order; the window is 2. */
function changeTo(ids: string, learners = ""): Update {
  const payload = encodeChange({ alpha: 2, members: paxosMembers(ids), learners: paxosMembers(learners) });
  return { term: 1, kind: "members", payload, client: 0, timestamp: 0 };
}

/** A member of abc, window 2, in which such a change is the first that was ordered. */
function changing(ids: string, learners = "", more: Update[] = []): PaxosMember {
  const member = new PaxosMember({ options: { alpha: 2 } });
  member.receive("b", { kind: "reconcileData", first: 1, updates: [changeTo(ids, learners), ...more] });
  return member;
}

const filler = (timestamp: number) => update(`f${timestamp}`, timestamp);

/** A leader of abc in epoch 0, window 2, that hears learner d if there is one. */
function leader(): PaxosMember {
  const member = new PaxosMember({ options: { alpha: 2 } });
  member.lead();
  return member;
}

const ask = (members: string, learners = "", id = 1) => {
  return { kind: "change", id, members: paxosMembers(members), learners: paxosMembers(learners) } as const;
};

describe("M1, M2: a change holds a window after its place", () => {
  test("until then the old members decide", () => {
    const member = changing("abd");
    member.tick();

    expect(member.state).toMatchObject({ configuration: { epoch: 0 }, membership: { outgoing: paxosMembers("abc") } });
  });

  test("then the new ones do, in views of their own", () => {
    const member = changing("bad", "", [filler(1)]);

    expect(member.state).toMatchObject({ configuration: { epoch: 1, start: 3 }, lastInstalled: viewOf(1, 0) });
    expect(member.state.membership).toEqual({ members: paxosMembers("bad"), outgoing: [], learners: [] });
  });

  test("one that is ordered while another is pending is void", () => {
    const configurations = [foundingOf(paxosMembers("abc"), 5)];
    const next = { alpha: 5, members: paxosMembers("abd"), learners: [] };

    expect([decide(configurations, 3, next), decide(configurations, 7, next), decide(configurations, 8, next)]).toEqual(
      [...[true, false, true]],
    );
    expect(configurations.map(({ epoch, start }) => [epoch, start])).toEqual([
      [0, 1],
      [1, 8],
      [2, 13],
    ]);
  });

  test("one that is known already is found again where it stands", () => {
    const configurations = [foundingOf(paxosMembers("abc"), 5)];
    const next = { alpha: 5, members: paxosMembers("abd"), learners: [] };
    decide(configurations, 3, next);

    expect(decide(configurations, 3, next)).toBe(true);
    expect(configurations).toHaveLength(2);
  });
});

describe("M3: what a leader refuses", () => {
  test.each([
    ["not-leader", new PaxosMember(), ask("abd")],
    ["invalid", leader(), ask("")],
    ["invalid", leader(), ask("aab")],
    ["behind", leader(), ask("abd")],
  ])("%s", (reason, member, change) => {
    expect(member.request(change)).toEqual([`refused #1 ${reason}`]);
  });

  test("a second one before the first is in force", () => {
    const member = leader();
    member.request(ask("abc", "d", 1));

    expect(member.request(ask("abc", "e", 2))).toEqual(["refused #2 changing"]);
  });

  test("it puts itself first if it stays: who is first leads at once", () => {
    const member = new PaxosMember({ members: "abc", id: "b" });
    member.lead();
    member.request(ask("abc", "d"));
    const [change] = member.records.flatMap((record) => (record.kind === "accepted" ? record.updates : []));

    expect(change?.payload).toEqual(
      encodeChange({ alpha: 8, members: paxosMembers("bac"), learners: paxosMembers("d") }),
    );
  });
});

describe("M4, M5: the end of an epoch", () => {
  test("its leader fills the places that are left, and proposes nothing beyond", () => {
    const member = leader();
    const own = member.state.lastInstalled;
    member.request(ask("abc", "d"));
    member.flush();
    const words = member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    expect(only(words, "store accepted")).toEqual(["store accepted in 0.3 2@3"]);

    member.propose(5, "waits");
    expect(member.state.leadership?.lastProposed).toBe(2);
  });

  test("what is of the epoch before is answered with a VC_Proof, what is of a later one makes it catch up", () => {
    const member = changing("abd", "", [filler(1)]);
    member.tick();
    const accept = { kind: "accept", view: viewOf(0, 3), first: 3, last: 3 } as const;

    expect(only(member.receive("b", { ...accept, epoch: 0 }), "⇢ b", "→ b")[0]).toContain("viewProof 1.0");
    expect(only(member.receive("d", { ...accept, epoch: 2, aru: 9 }), "⇢ d")).toEqual(["⇢ d e1 a2 reconcile from 3"]);
  });
});

describe("M6: entering an epoch", () => {
  test("its first member prepares its first view; that the old epoch is over is stored before", () => {
    const member = changing("abd");
    member.tick();
    const words = member.receive("b", { kind: "reconcileData", first: 2, updates: [filler(1)] });

    expect(only(words, "store", "→")).toEqual([
      ...['store learned 2@1 "f1"', "store ordered 2", "store view 1.0"],
      ...["→ b e1 a2 prepare 1.0", "→ d e1 a2 prepare 1.0"],
    ]);
  });

  test("the others give it time", () => {
    const member = changing("bad", "", [filler(1)]);
    member.tick();

    expect(member.state).toMatchObject({ role: "follower", lastInstalled: viewOf(1, 0) });
    expect(member.state.progressAt).toBeDefined();
  });

  test("a leader of the old epoch leads no more, and refuses reads that wait", () => {
    const member = leader();
    const own = member.state.lastInstalled;
    member.request(ask("abc", "d", 1));
    member.flush();
    member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    member.flush();
    member.request({ kind: "barrier", id: 8, mode: "quorum" });
    const words = member.receive("b", { kind: "accept", view: own, first: 2, last: 2 });

    expect(member.state).toMatchObject({ role: "preparing", lastInstalled: viewOf(1, 0) });
    expect(only(words, "refused")).toEqual(["refused #8 no-leader"]);
  });
});

describe("A2: a member that is left in an older epoch", () => {
  const proofs = (words: readonly string[]) => only(words, "→ d", "⇢ d").map((word) => word.slice(2, 22));

  test("is told by whoever it speaks to, also when it only says where it is", () => {
    const member = changing("abc", "", [filler(1)]);
    member.flush();
    const wants = member.receive("d", { kind: "viewChange", attempted: viewOf(0, 5), heard: [], epoch: 0 });
    member.tick(3);
    const says = member.receive("d", { ...proof, installed: viewOf(0, 4), epoch: 0 });

    expect([proofs(wants), proofs(says)]).toEqual([["d e1 a2 viewProof 1."], ["d e1 a2 viewProof 1."]]);
  });
});

describe("M7: who takes no part", () => {
  test("M8: a member that was left out says so once a quorum of the present ones shows that the epoch stands", () => {
    const member = changing("bcd", "", [filler(1)]);
    expect(only(member.tick(3), "removed")).toEqual([]);

    const first = member.receive("b", { ...proof, installed: viewOf(1, 0), aru: 2 });
    expect(member.state.role).toBe("passive");
    expect([...only(first, "removed"), ...only(first, "members")]).toEqual([]);
    const words = member.receive("c", { ...proof, installed: viewOf(1, 0), aru: 2 });
    expect(only(words, "removed")).toEqual(["removed by 2"]);
    expect(only(words, "members")).toHaveLength(1); // it is over, for who asked for it
  });

  test("a newcomer that reads of epochs without it does not", () => {
    const records: PaxosRecord[] = [{ kind: "learned", first: 1, updates: [changeTo("bcd"), filler(1)] }];
    const member = new PaxosMember({ members: "bcd", id: "e", records, options: { alpha: 2 } });
    member.tick();

    expect(only(member.receive("b", { ...proof, installed: viewOf(1, 0) }), "removed")).toEqual([]);
  });

  test("a learner accepts and acknowledges, and promises nothing", () => {
    const member = changing("bcd", "a", [filler(1)]);
    member.tick();
    const view = viewOf(1, 1);
    const update = filler(2);
    const words = member.receive("c", { kind: "proposal", view, first: 3, updates: [update], ordered: 2, stable: 0 });

    expect(only(words, "→ c")).toEqual(["→ c e1 a2 accept 1.1 3…3"]);
    expect(only(member.receive("d", { kind: "prepare", view: viewOf(1, 2) }), "→ d")).toEqual([]);
  });

  test("its accept is not counted", () => {
    const member = changing("abc", "d", [filler(1)]);
    member.tick();
    member.flush();
    for (const from of ["b", "c"]) member.answer(from, viewOf(1, 0), [], 2);
    member.propose(1, "p");
    member.receive("d", { kind: "accept", view: viewOf(1, 0), first: 3, last: 3 });
    member.flush();

    expect(member.state).toMatchObject({ role: "leader", history: { aru: 2 } });
  });
});
