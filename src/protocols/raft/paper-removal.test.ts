import { describe, expect, test } from "vitest";
import {
  entriesOf,
  LoneMember,
  membershipEntry,
  membershipNamed,
  settledLeader,
} from "../../../test/support/raft-member.ts";

const start = { index: 0, term: 0 };

/** But for who leads, which a member that starts knows not and says. */
function heard(words: readonly string[]): string[] {
  return words.filter((word) => !word.startsWith("leader"));
}

/** A change through its two entries, by the answers of `voters`. */
function finish(member: LoneMember, voters: string): string[] {
  const words: string[] = [];
  for (let entry = 0; entry < 2; entry++) {
    words.push(...member.persisted());
    for (const id of voters) words.push(...member.stored(id, member.state.log.last));
  }
  return words;
}

describe("Raft paper §6, a leader that is not part of the new membership", () => {
  test("goes on leading until that is committed, and does not count itself", () => {
    const member = settledLeader();
    member.change("bc");
    member.persisted();
    member.stored("b", 2);
    const joint = member.state.commit; // by a and b of the old, but only b of the new
    member.stored("c", 2);
    member.persisted();

    member.stored("b", 3);

    expect(joint).toBe(1);
    expect([member.state.role, member.state.commit]).toEqual(["leader", 2]); // a and b are no majority of bc
  });

  test("then tells one that has all of its log to stand, and leaves when that one does", () => {
    const member = settledLeader();
    member.change("bc");

    const words = finish(member, "bc");
    const left = member.receive("b", { kind: "vote", term: 2, last: { index: 3, term: 1 }, isHandedOver: true });

    expect(words).toContain("⇢ b t1 timeoutNow");
    expect(left).toContain("removed by 3");
    expect(member.state.role).toBe("follower");
  });

  test("and leaves after an election timeout, should nobody stand", () => {
    const member = settledLeader();
    member.change("bc");
    finish(member, "bc");
    const alive = { kind: "heartbeatReply", term: 1, round: 1, match: 3, missing: false } as const;

    const words = Array.from({ length: 10 }, () => [...member.receive("b", alive), ...member.tick()]).flat();

    expect(words).toContain("removed by 3");
    expect(member.state.role).toBe("follower");
  });

  test("while it looks for another, it takes no proposals", () => {
    const member = settledLeader();
    member.change("bc");
    finish(member, "bc");

    expect(member.propose(2, "x")).toEqual(["refused #2 no-leader"]);
  });
});

describe("a removed member", () => {
  test("is told with each heartbeat from when that is committed, for two election timeouts", () => {
    const member = settledLeader();
    member.change("ab");
    const before = member.tick(2);
    finish(member, "b");
    const alive = { kind: "heartbeatReply", term: 1, round: 1, match: 3, missing: false } as const;

    const words = Array.from({ length: 40 }, () => [...member.receive("b", alive), ...member.tick()]).flat();

    expect(before).not.toContain("⇢ c t1 removed by 3");
    expect(words.filter((word) => word === "⇢ c t1 removed by 3").length).toBe(10);
    expect([...(member.state.leadership?.peers.keys() ?? [])]).toEqual(["b"]);
  });

  test("is sent the entries that remove it, and counts for nothing once the final one is appended", () => {
    const member = settledLeader();
    member.change("ab");
    member.persisted();
    member.stored("b", 2);

    const words = member.persisted();
    member.stored("c", 3);

    expect(member.sent.filter(({ to }) => to === "c").at(-1)?.message).toMatchObject({ kind: "append" });
    expect(words.join()).not.toContain("committed 3");
    expect(member.state.commit).toBe(2);
  });

  test("campaigns never again", () => {
    const member = new LoneMember({ term: 1, id: "c" });

    const words = heard(member.receive("a", { kind: "removed", term: 1, index: 3 }));
    const silence = member.tick(100);

    expect(words).toEqual(["removed by 3"]);
    expect(silence).toEqual([]);
  });

  test("is told once", () => {
    const member = new LoneMember({ term: 1, id: "c" });
    const removed = { kind: "removed", term: 1, index: 3 } as const;

    expect(heard([...member.receive("a", removed), ...member.receive("b", removed)])).toEqual(["removed by 3"]);
  });

  test("that knows a later membership with itself in it takes no notice", () => {
    const member = new LoneMember({ term: 1, id: "c", log: [1, 1, 1, membershipEntry(1, "abc")] });

    expect(heard(member.receive("a", { kind: "removed", term: 1, index: 3 }))).toEqual([]);
    expect(member.tickUntilCampaign()).toContain("⇢ a t2 preVote last 4@1");
  });

  test("takes part again once a later membership names it", () => {
    const member = new LoneMember({ term: 1, id: "c" });
    member.receive("a", { kind: "removed", term: 1, index: 1 });

    const entries = entriesOf(1, membershipEntry(1, "abc"));
    member.receive("a", { kind: "append", term: 1, previous: start, commit: 0, entries });
    member.persisted();

    expect(member.state.removed).toBeUndefined();
    expect(member.tickUntilCampaign()).toContain("⇢ a t2 preVote last 2@1");
  });

  test("that was not told in time hears of it from whoever it asks for a vote", () => {
    const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "ab")] });
    const ask = { kind: "preVote", term: 2, last: { index: 1, term: 1 } } as const;

    const before = heard(member.receive("c", ask));
    member.receive("b", { kind: "heartbeat", term: 1, commit: 2, round: 0, sent: 2 });
    const after = member.receive("c", ask);

    expect(before).toEqual(["⇢ c t1 preVoteReply refused"]); // not certain yet
    expect(after).toEqual(["⇢ c t1 preVoteReply refused", "⇢ c t1 removed by 2"]);
  });

  test("that is on its way back is not told so", () => {
    const log = [1, membershipEntry(1, "ab"), membershipEntry(1, "ab", "", "c")];
    const member = new LoneMember({ term: 1, log, applied: 2 });

    const words = heard(member.receive("c", { kind: "preVote", term: 2, last: { index: 1, term: 1 } }));

    expect(words).toEqual(["⇢ c t1 preVoteReply refused"]);
  });

  test("whose own log drops it asks whether that is so, and cannot win by asking", () => {
    const member = new LoneMember({ id: "c", term: 1, log: [1, membershipEntry(1, "ab")], applied: 2 });

    const words = Array.from({ length: 20 }, () => member.tick()).flat();
    for (const from of "ab") member.receive(from, { kind: "preVoteReply", term: 2, granted: true });

    expect(words).toContain("⇢ a t2 preVote last 2@1");
    expect(member.state).toMatchObject({ role: "follower", term: 1 });
  });

  test("stands all the same while that is not known to be committed, for it alone may have the entry (§4.2.2)", () => {
    const log = [1, membershipEntry(1, "b", "c"), membershipEntry(1, "b")];
    const member = new LoneMember({ id: "c", term: 1, log });
    member.tickUntilCampaign();
    member.receive("b", { kind: "preVoteReply", term: 2, granted: true });

    member.persisted();
    const role = member.state.role; // by its own vote alone it would lead
    member.receive("b", { kind: "voteReply", term: 2, granted: true });

    expect([role, member.state.role]).toEqual(["candidate", "leader"]);
    expect(member.state.leadership).toMatchObject({ isVoter: false });
  });

  test("cannot disturb: who hears a leader grants it nothing, whatever its term (dissertation §4.2.3)", () => {
    const member = new LoneMember({ term: 1, members: "ab" });
    member.receive("b", { kind: "heartbeat", term: 1, commit: 0, round: 0, sent: 0 });

    const asked = member.receive("c", { kind: "preVote", term: 9, last: { index: 9, term: 9 } });
    const stood = member.receive("c", { kind: "vote", term: 9, last: { index: 9, term: 9 } });

    expect(asked).toContain("⇢ c t1 preVoteReply refused");
    expect(stood).toEqual([]);
    expect(member.state).toMatchObject({ term: 1, leader: "b" });
  });
});

describe("removed and added again within one term (replication sessions)", () => {
  /** A leader of `ab` that removed c and took it in again as a learner with an empty disk. */
  function rejoined(): LoneMember {
    const member = settledLeader();
    member.change("ab");
    finish(member, "b");
    member.change("ab", "c");
    member.persisted();
    member.stored("b", 4);
    return member;
  }

  const old = { session: 1 } as const; // named after the entry that opened the term

  test.each([
    ["appendReply", { kind: "appendReply", term: 1, match: 3, ...old }],
    ["heartbeatReply", { kind: "heartbeatReply", term: 1, round: 1, match: 3, missing: false, ...old }],
    ["appendConflict", { kind: "appendConflict", term: 1, rejected: 3, hint: { index: 2, term: 1 }, ...old }],
  ] as const)("a late %s of the stretch before says nothing of the present one", (_kind, late) => {
    const member = rejoined();
    const before = structuredClone(member.state.leadership?.peers.get("c"));

    member.receive("c", late);

    expect(before).toMatchObject({ match: 0, session: 4 });
    expect(member.state.leadership?.peers.get("c")).toEqual(before);
  });

  test("an answer to the present stretch counts", () => {
    const member = rejoined();

    member.receive("c", { kind: "appendReply", term: 1, match: 4, session: 4 });

    expect(member.state.leadership?.peers.get("c")).toMatchObject({ match: 4, mode: "stream" });
  });

  test("an answer without a session is taken from who speaks version 1 alone", () => {
    const member = settledLeader();
    const answer = { kind: "appendReply", term: 1, match: 2 } as const;
    member.propose(1, "x");
    member.persisted();

    member.step({ kind: "receive", from: "b", message: answer });
    const strict = member.state.commit;
    member.step({ kind: "link", peer: "b", up: true, speaks: 1 });
    member.step({ kind: "receive", from: "b", message: answer });

    expect([strict, member.state.commit]).toEqual([1, 2]);
  });

  test("a follower answers in the session that it is asked in", () => {
    const member = new LoneMember({ term: 1 });
    const of = { term: 1, session: 7 } as const;

    member.receive("b", { kind: "append", previous: start, commit: 0, entries: entriesOf(1), ...of });
    member.receive("b", { kind: "append", previous: { index: 5, term: 1 }, commit: 0, entries: [], ...of });
    member.receive("b", { kind: "heartbeat", commit: 0, round: 1, sent: 0, ...of });
    const snapshot = { index: 0, term: 0, bytes: 0, checksum: 0 };
    const membership = membershipNamed("abc");
    member.receive("b", { kind: "chunk", snapshot, membership, offset: 0, bytes: new Uint8Array(0), ...of });

    const kinds = ["appendReply", "appendConflict", "heartbeatReply", "chunkReply"];
    expect(member.sent.map(({ message }) => message.kind)).toEqual(kinds);
    expect(member.sent.every(({ message }) => "session" in message && message.session === 7)).toBe(true);
  });
});
