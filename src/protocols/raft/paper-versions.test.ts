import { expect, test } from "vitest";
import {
  entriesOf,
  LoneMember,
  membershipEntry,
  membershipNamed,
  settledLeader,
  snapshotOf,
} from "../../../test/support/raft-member.ts";
import { encodeMessage } from "./codec/message-codec.ts";

/** The format versions of all that the member sent to `to`, or to anyone. */
function versions(member: LoneMember, to?: string): (number | undefined)[] {
  const sent = member.sent.filter((each) => each.to === (to ?? each.to));
  return [...new Set(sent.map(({ message }) => encodeMessage(message)[0]))].sort();
}

/** Has a leader send of every kind: appends, heartbeats, a snapshot to c. */
function busy(member: LoneMember): void {
  member.propose(50, "x");
  member.persisted();
  member.tick(4);
  member.receive("c", { kind: "appendConflict", term: member.state.term, rejected: 5, hint: { index: 0, term: 0 } });
}

test("a member that speaks version 1 says nothing that its release could not read", () => {
  const snapshot = snapshotOf(5, 1, 10);
  const leading = new LoneMember({ term: 1, snapshot, options: { speaks: 1 } });
  leading.lead();
  busy(leading);
  const following = new LoneMember({ term: 1, options: { speaks: 1, leases: true } });
  following.receive("b", {
    kind: "append",
    term: 1,
    previous: { index: 0, term: 0 },
    commit: 0,
    entries: entriesOf(1),
  });
  following.receive("b", { kind: "heartbeat", term: 1, commit: 0, round: 3, sent: 1 });
  following.request({ kind: "barrier", id: 1, mode: "lease" });

  expect(leading.sent.map(({ message }) => message.kind)).toEqual(
    expect.arrayContaining(["append", "heartbeat", "chunk"]),
  );
  expect([versions(leading), versions(following)]).toEqual([[1], [1]]);
});

test("a member speaks version 1 to those that name it in their greeting, and 2 to the others", () => {
  const member = new LoneMember({ term: 1, snapshot: snapshotOf(5, 1, 10) });
  member.step({ kind: "link", peer: "c", up: true, speaks: 1 });
  member.step({ kind: "link", peer: "b", up: true, speaks: 2 });
  member.lead();
  member.sent.length = 0;

  busy(member);

  expect([versions(member, "b"), versions(member, "c")]).toEqual([[2], [1]]);
});

test("whose greeting names no version any more is spoken to in the current one", () => {
  const member = settledLeader();
  member.step({ kind: "link", peer: "b", up: true, speaks: 1 });
  member.step({ kind: "link", peer: "b", up: true });
  member.sent.length = 0;

  member.tick(2);

  expect(versions(member, "b")).toEqual([2]);
});

test("what is new is not begun while a member speaks version 1, or we do", () => {
  const [old, mixed] = [settledLeader({ options: { speaks: 1 } }), settledLeader({ learners: "d" })];
  mixed.step({ kind: "link", peer: "c", up: true, speaks: 1 });

  const words = [
    old.change("ab"),
    old.request({ kind: "transfer", id: 1, to: "b" }),
    mixed.change("abcd"),
    mixed.request({ kind: "transfer", id: 1, to: "c" }),
  ];

  expect(words).toEqual(Array(4).fill(["refused #1 unsupported"]));
});

test("but a member of version 1 that was lost for good can be removed, and no other change is made with it", () => {
  const member = settledLeader({ members: "abc", learners: "d" });
  member.step({ kind: "link", peer: "c", up: true, speaks: 1 });
  member.step({ kind: "link", peer: "c", up: false });

  const early = member.change("ab", "d", 1);
  for (let count = 0; count < 10; count++) {
    member.tick();
    for (const id of "bd") member.stored(id);
  }
  const kept = member.change("abcd", "", 2);

  expect([early, kept]).toEqual([["refused #1 unsupported"], ["refused #2 unsupported"]]);
  expect(member.change("abd", "", 3)).toContain("accepted #3 at 2@1");
});

test("a membership goes out in version 2 alone, even to who speaks 1: it must not store what it cannot count", () => {
  const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "abc", "", "d")] });
  member.step({ kind: "link", peer: "c", up: true, speaks: 1 });
  member.lead();
  member.sent.length = 0;

  member.receive("c", { kind: "appendConflict", term: 2, rejected: 2, hint: { index: 0, term: 0 } });

  expect(versions(member, "c")).toEqual([2]);
});

test("a snapshot with learners goes out in version 2 alone", () => {
  const member = new LoneMember({ term: 1, learners: "d", snapshot: snapshotOf(5, 1, 10) });
  member.step({ kind: "link", peer: "c", up: true, speaks: 1 });
  member.lead();
  member.sent.length = 0;

  member.receive("c", { kind: "appendConflict", term: 2, rejected: 5, hint: { index: 0, term: 0 } });

  expect(member.sent.map(({ message }) => message)).toMatchObject([
    { kind: "chunk", membership: membershipNamed("abc", "", "d") },
  ]);
  expect(versions(member, "c")).toEqual([2]);
});

test("an heir asks those that speak version 1 without the word that its leader asked it", () => {
  const member = new LoneMember({ term: 1 });
  member.step({ kind: "link", peer: "c", up: true, speaks: 1 });
  member.receive("b", { kind: "heartbeat", term: 1, commit: 0, round: 0, sent: 0, session: 1 });

  const words = member.receive("b", { kind: "timeoutNow", term: 1 });

  expect(words).toContain("→ b t2 vote last 0@0 handed over");
  expect(words).toContain("→ c t2 vote last 0@0");
});

test("who was removed is not told so if it speaks version 1", () => {
  const member = new LoneMember({ members: "ab", term: 1 });
  member.step({ kind: "link", peer: "c", up: true, speaks: 1 });

  member.receive("c", { kind: "preVote", term: 2, last: { index: 1, term: 1 } });

  expect(member.sent.map(({ message }) => message.kind)).toEqual(["preVoteReply"]);
});
