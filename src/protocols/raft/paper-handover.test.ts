import { describe, expect, test } from "vitest";
import {
  LoneMember,
  lettered,
  type MemberSetup,
  membershipEntry,
  settledLeader,
} from "../../../test/support/raft-member.ts";

function transfer(member: LoneMember, to?: string, id = 1): string[] {
  return member.request({ kind: "transfer", id, to });
}

/** The words of the ticks of an election timeout, in which b and c answer. */
function pass(member: LoneMember, ticks = 10): string[] {
  const { term } = member.state;
  const alive = { kind: "heartbeatReply", term, round: 1, match: 0, missing: false } as const;
  return Array.from({ length: ticks }, () => [
    ...member.receive("b", alive),
    ...member.receive("c", alive),
    ...member.tick(),
  ]).flat();
}

const ofB = { kind: "vote", term: 2, last: { index: 1, term: 1 }, isHandedOver: true } as const;

describe("dissertation §3.10, the leader that hands over", () => {
  test("tells one that has all of its log to stand at once", () => {
    expect(transfer(settledLeader(), "b")).toEqual(["⇢ b t1 timeoutNow"]);
  });

  test("brings it up to date first", () => {
    const member = settledLeader();
    member.propose(7, "x");
    member.persisted();

    const asked = transfer(member, "b");
    const other = member.stored("c");
    const words = member.stored("b");

    expect([...asked, ...other].filter((word) => word.includes("timeoutNow"))).toEqual([]);
    expect(words).toContain("⇢ b t1 timeoutNow");
  });

  test("takes no proposals meanwhile, its own or forwarded, and leaves them to be tried again", () => {
    const member = settledLeader();
    member.propose(7, "x");
    transfer(member, "b");

    const own = member.propose(8, "y");
    const proposals = [{ id: 3, payloads: [new Uint8Array(1)] }];
    const forwarded = member.receive("c", { kind: "forward", term: 1, life: 5, number: 1, proposals });

    expect(own).toEqual(["refused #8 no-leader"]);
    expect(forwarded).toEqual(["⇢ c t1 #3 refused no-leader"]);
  });

  test("without a name takes whoever has all of its log first", () => {
    const member = settledLeader();
    member.propose(7, "x");
    member.persisted();
    transfer(member);

    expect(member.stored("c")).toContain("⇢ c t1 timeoutNow");
    expect(member.stored("b")).not.toContain("⇢ b t1 timeoutNow");
  });

  test("gives up after an election timeout, leads on and takes proposals again", () => {
    const member = settledLeader();
    transfer(member, "b");

    const words = pass(member);

    expect(words).toContain("settled #1 lost");
    expect(member.state.role).toBe("leader");
    expect(member.propose(8, "y")).toContain("accepted #8 at 2@1");
  });

  test("says it again with its heartbeats, should the word have got lost", () => {
    const member = settledLeader();
    transfer(member, "b");

    expect(pass(member, 4).filter((word) => word === "⇢ b t1 timeoutNow").length).toBe(2);
  });

  test("steps down for the candidate that it asked to stand, and learns how that ended", () => {
    const member = settledLeader();
    transfer(member, "b");

    const words = member.receive("b", ofB);
    const settled = member.receive("b", { kind: "heartbeat", term: 2, commit: 1, round: 0, sent: 1 });

    expect(words).toContain("store t2 vote b");
    expect(settled).toContain("settled #1 applied");
  });

  test("does not know how it ended when another leads, or nobody for two election timeouts", () => {
    const [other, nobody] = [settledLeader(), settledLeader()];
    for (const member of [other, nobody]) {
      transfer(member, "b");
      member.receive("b", ofB);
    }

    const byOther = other.receive("c", { kind: "heartbeat", term: 3, commit: 1, round: 0, sent: 1 });
    const byNobody = Array.from({ length: 21 }, () => nobody.tick()).flat();

    expect(byOther).toContain("settled #1 unknown");
    expect(byNobody).toContain("settled #1 unknown");
  });

  test("is done for nothing when it loses its office before it told anyone", () => {
    const member = settledLeader();
    member.propose(7, "x");
    transfer(member, "b");

    expect(member.request({ kind: "resign", reason: "disk-full" })).toContain("settled #1 lost");
  });

  test("answers reads as before until it steps down, and refuses those that then still wait", () => {
    const member = settledLeader();
    transfer(member, "b");
    const round = { kind: "heartbeatReply", term: 1, round: 2, match: 1, missing: false } as const;

    member.request({ kind: "barrier", id: 7, mode: "quorum" });
    const answered = member.receive("c", round);
    member.request({ kind: "barrier", id: 8, mode: "quorum" });

    expect(answered).toContain("readable #7 from 1");
    expect(member.receive("b", ofB)).toContain("refused #8 no-leader");
  });

  test("in the middle of a change leaves its end to the next leader", () => {
    const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "abd", "abc")] });
    member.lead();
    member.persisted();
    transfer(member, "b");
    member.stored("d");

    const words = member.stored("b");

    expect(words).toContain("⇢ b t2 timeoutNow");
    expect(words.join()).not.toContain("(abd)");
  });
});

describe("what is refused", () => {
  test("by who does not lead", () => {
    expect(transfer(new LoneMember(), "b")).toContain("refused #1 not-leader");
  });

  test.each([
    ["itself", "a"],
    ["a stranger", "x"],
    ["a learner", "d"],
  ])("to %s", (_who, to) => {
    expect(transfer(settledLeader({ learners: "d" }), to)).toEqual(["refused #1 invalid"]);
  });

  test("when nobody else votes", () => {
    const alone = new LoneMember({ members: "a", learners: "d" });
    alone.tickUntilCampaign();
    alone.persisted();

    expect(transfer(alone)).toEqual(["refused #1 invalid"]);
  });

  test("to one that needs a snapshot", () => {
    const member = new LoneMember({ term: 1, snapshot: { index: 5, term: 1, bytes: 9, checksum: 1 } });
    member.lead();
    member.persisted();
    member.stored("b");
    member.receive("c", { kind: "appendConflict", term: 2, rejected: 5, hint: { index: 0, term: 0 } });

    expect(transfer(member, "c")).toEqual(["refused #1 behind"]);
  });

  test("to one that was not heard for an election timeout", () => {
    const member = settledLeader();
    const alive = { kind: "heartbeatReply", term: 1, round: 1, match: 1, missing: false } as const;
    for (let count = 0; count < 10; count++) [member.receive("b", alive), member.tick()];

    expect(transfer(member, "c")).toEqual(["refused #1 behind"]);
  });

  test("a second one, and a change of members meanwhile", () => {
    const member = settledLeader();
    member.propose(7, "x");
    transfer(member, "b");

    const change = { kind: "change", id: 3, members: lettered("ab"), learners: [] } as const;

    expect(transfer(member, "c", 2)).toEqual(["refused #2 busy"]);
    expect(member.request(change)).toEqual(["refused #3 changing"]);
  });

  test("to one that speaks version 1, which knows no such word", () => {
    const member = settledLeader();
    member.step({ kind: "link", peer: "b", up: true, speaks: 1 });

    expect(transfer(member, "b")).toEqual(["refused #1 unsupported"]);
  });
});

describe("dissertation §3.10, the heir", () => {
  /** A follower of a in term 1, which it has just heard. */
  function heir(setup: MemberSetup = {}): LoneMember {
    const member = new LoneMember({ id: "b", term: 1, log: [1], ...setup });
    member.receive("a", { kind: "heartbeat", term: 1, commit: 1, round: 0, sent: 1 });
    return member;
  }

  test("stands at once, in the next term and without asking whether it could win", () => {
    const words = heir().receive("a", { kind: "timeoutNow", term: 1 });

    expect(words.slice(0, 3)).toEqual([
      "store t2 vote b",
      "→ a t2 vote last 1@1 handed over",
      "→ c t2 vote last 1@1 handed over",
    ]);
  });

  test("says so when it asks again, and not in a later campaign of its own", () => {
    const member = heir();
    member.receive("a", { kind: "timeoutNow", term: 1 });
    member.persisted();

    const again = member.tick(2);
    while (member.state.role === "candidate") member.tick();
    member.receive("c", { kind: "preVoteReply", term: 3, granted: true });

    expect(again).toContain("→ c t2 vote last 1@1 handed over");
    expect(member.sent.at(-1)?.message).toEqual({ kind: "vote", term: 3, last: { index: 1, term: 1 } });
  });

  test("does not stand if it has no vote, was removed, or takes no office", () => {
    const members = [heir({ members: "ac", learners: "b" }), heir(), heir()];
    members[1]?.receive("a", { kind: "removed", term: 1, index: 9 });
    members[2]?.request({ kind: "resign", reason: "disk-full" });

    const words = members.map((member) => member.receive("a", { kind: "timeoutNow", term: 1 }));

    expect(words).toEqual([[], [], []]);
  });

  test("takes no notice of a leader of an earlier term", () => {
    const member = heir({ term: 3 });

    expect(member.receive("a", { kind: "timeoutNow", term: 2 })).toEqual([]);
    expect(member.state.term).toBe(3);
  });

  test("who hears a leader votes for the heir all the same, but not for one that lags", () => {
    const [fresh, behind] = [heir({ id: "c" }), heir({ id: "c", log: [1, 1] })];

    const words = [fresh, behind].map((member) => member.receive("b", ofB));

    expect(words[0]).toContain("→ b t2 voteReply granted");
    expect(words[1]).toContain("→ b t2 voteReply refused");
  });

  test("who hears a leader does not vote for a candidate without its word", () => {
    const words = heir({ id: "c" }).receive("b", { kind: "vote", term: 2, last: { index: 9, term: 1 } });

    expect(words).toEqual([]);
  });
});
