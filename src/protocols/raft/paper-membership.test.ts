import { describe, expect, test } from "vitest";
import {
  entriesOf,
  LoneMember,
  lettered,
  membershipEntry,
  membershipNamed,
  settledLeader,
  snapshotOf,
} from "../../../test/support/raft-member.ts";
import { noBytes } from "../../base/bytes.ts";
import type { Entry } from "../replicated-log.ts";

/** What was asked and granted by all who are named. */
function elect(member: LoneMember, kind: "preVoteReply" | "voteReply", voters: string): void {
  const term = member.state.term + (kind === "preVoteReply" ? 1 : 0);
  for (const from of voters) member.receive(from, { kind, term, granted: true });
}

function appended(member: LoneMember, from: string, ...items: readonly (number | Entry)[]): string[] {
  const previous = { index: 0, term: 0 };
  return member.receive(from, { kind: "append", term: 1, previous, commit: 0, entries: entriesOf(...items) });
}

describe("Raft paper §6, joint consensus", () => {
  test("a leader asked for other voters appends a membership of both lists first", () => {
    const member = settledLeader({ learners: "de" });

    const words = member.change("ade");

    expect(words).toContain("accepted #1 at 2@1");
    expect(words).toContain("store 2@1 (ade was abc)");
    expect(words).toContain("⇢ b t1 append after 1@1: 2@1 (ade was abc), commit 1");
    expect(words).toContain("members ade was abc in force at 2");
  });

  test("entries are committed by majorities of both lists, and neither alone is enough", () => {
    const byNew = settledLeader({ learners: "de" });
    const byOld = settledLeader({ learners: "de" });
    for (const member of [byNew, byOld]) {
      member.change("ade");
      member.persisted();
    }

    const [afterNew, afterOld] = [
      [...byNew.stored("d", 2), ...byNew.stored("e", 2)],
      [...byOld.stored("b", 2), ...byOld.stored("c", 2)],
    ];

    expect([byNew.state.commit, byOld.state.commit]).toEqual([1, 1]);
    expect([...afterNew, ...afterOld].filter((word) => word.startsWith("committed"))).toEqual([]);
    byNew.stored("c", 2);
    byOld.stored("e", 2);
    expect([byNew.state.commit, byOld.state.commit]).toEqual([2, 2]);
  });

  test("once the joint membership is committed, the leader appends the final one, which the new voters decide alone", () => {
    const member = settledLeader({ learners: "de" });
    member.change("ade");
    member.persisted();
    member.stored("b", 2);

    const words = member.stored("d", 2);
    member.persisted();
    member.stored("b", 3);
    member.stored("c", 3);
    const commitByOld = member.state.commit;
    const last = member.stored("e", 3);

    expect(words).toContain("store 3@1 (ade)");
    expect(words).toContain("settled #1 applied");
    expect(commitByOld).toBe(2);
    expect(last).toContain("members ade committed at 3");
  });

  test("a leader elected in the middle of a change ends it, once it knows that the joint membership is committed", () => {
    const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "ade", "abc")] });
    member.lead();
    member.persisted();

    const before = member.stored("d", 3);
    const words = member.stored("b", 3);

    expect(before).not.toContain("store 4@2 (ade)");
    expect(words).toContain("store 4@2 (ade)");
  });

  test("a candidate needs the votes of both lists, and so does one that only asks", () => {
    const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "ade", "abc")] });
    const roles: string[] = [];
    member.tickUntilCampaign();

    elect(member, "preVoteReply", "de");
    roles.push(member.state.role);
    elect(member, "preVoteReply", "b");
    roles.push(member.state.role);
    member.persisted();
    elect(member, "voteReply", "bc");
    roles.push(member.state.role);
    elect(member, "voteReply", "d");
    roles.push(member.state.role);

    expect(roles).toEqual(["preCandidate", "candidate", "candidate", "leader"]);
  });

  test("a campaign asks the voters of both lists, each once, and no learner", () => {
    const member = new LoneMember({ members: "abd", outgoing: "abc", learners: "ce" });

    const words = member.tickUntilCampaign();

    expect(words.map((word) => word[2])).toEqual(["b", "d", "c"]);
  });

  test("reads are confirmed by majorities of both lists", () => {
    const member = settledLeader({ learners: "de" });
    member.change("ade");
    member.request({ kind: "barrier", id: 7, mode: "quorum" });
    const answer = { kind: "heartbeatReply", term: 1, round: 2, match: 1, missing: false } as const;

    const words = [...member.receive("d", answer), ...member.receive("e", answer)];

    expect(words).toEqual([]);
    expect(member.receive("c", answer)).toContain("readable #7 from 1");
  });

  test("a leader that hears only one of both majorities steps down", () => {
    const member = settledLeader({ learners: "de" });
    member.change("ade");
    const alive = { kind: "heartbeatReply", term: 1, round: 1, match: 1, missing: false } as const;

    for (let count = 0; count < 11; count++) {
      member.tick();
      member.receive("d", alive);
      member.receive("e", alive);
    }

    expect(member.state.role).toBe("follower");
  });

  test("only what changes no voter is one entry: learners, and addresses", () => {
    const member = settledLeader({ learners: "d" });
    const moved = [...lettered("ab"), { id: "c", address: "elsewhere:1" }];

    const words = member.request({ kind: "change", id: 1, members: moved, learners: lettered("e") });

    expect(words).toContain("store 2@1 (abc learning e)");
    expect(member.state.membership.members.at(-1)?.address).toBe("elsewhere:1");
  });

  test("a voter that is to learn keeps its vote until the change is over", () => {
    const member = settledLeader();

    const words = member.change("ab", "c");
    member.persisted();
    member.stored("b", 2);
    member.persisted();

    expect(words).toContain("store 2@1 (ab was abc learning c)");
    expect(member.state.membership).toEqual(membershipNamed("ab", "", "c"));
    member.stored("c", 3);
    expect(member.state.commit).toBe(2); // and then it counts no more
  });
});

describe("Raft paper §6, the newest membership in the log is in force", () => {
  test("at a follower from when it is appended, committed or not", () => {
    const member = new LoneMember({ term: 1 });

    const words = appended(member, "b", 1, membershipEntry(1, "abcde"));

    expect(words).toContain("members abcde in force at 2");
    expect(member.state.membership.members.length).toBe(5);
  });

  test("and until it is replaced: a truncation takes it back", () => {
    const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "ade", "abc"), membershipEntry(1, "ade")] });
    const previous = { index: 2, term: 1 };

    const one = member.receive("b", { kind: "append", term: 2, previous, commit: 0, entries: entriesOf(2) });
    const root = { index: 1, term: 1 };
    const both = member.receive("b", { kind: "append", term: 3, previous: root, commit: 0, entries: entriesOf(3) });

    expect(one).toContain("members ade was abc in force at 2");
    expect(both).toContain("members abc committed at 0");
  });

  test("it is told again when it is committed", () => {
    const member = new LoneMember({ term: 1 });
    appended(member, "b", 1, membershipEntry(1, "abcde"));

    const words = member.receive("b", { kind: "heartbeat", term: 1, commit: 2, round: 0, sent: 2 });

    expect(words).toContain("members abcde committed at 2");
  });

  test("after a restart the stored entries say who takes part", () => {
    const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "ade", "abc"), 1] });

    expect(member.state.membership).toEqual(membershipNamed("ade", "abc"));
    expect(member.state.log.configurations.map(({ index }) => index)).toEqual([0, 2]);
  });
});

describe("memberships and snapshots (dissertation §5.1)", () => {
  const log = [1, membershipEntry(1, "abc", "", "d"), 1, membershipEntry(1, "abc", "", "e")];

  test("the record of a compaction has the membership as of the log's new start", () => {
    const member = new LoneMember({ term: 1, log, applied: 4, options: { retainCount: 1 } });

    member.request({ kind: "snapshotTaken", snapshot: snapshotOf(4, 1) });

    expect(member.records.at(-1)).toMatchObject({ base: { index: 3 }, membership: membershipNamed("abc", "", "d") });
    expect(member.state.membership).toEqual(membershipNamed("abc", "", "e"));
  });

  test("a snapshot that is sent has the membership as of the snapshot, not the newest", () => {
    const member = new LoneMember({ log, applied: 3, options: { retainCount: 0 }, term: 1 });
    member.lead();
    member.request({ kind: "snapshotTaken", snapshot: snapshotOf(3, 1) });

    member.receive("b", { kind: "appendConflict", term: 2, rejected: 4, hint: { index: 0, term: 0 } });

    const { sent } = member;
    expect(sent.find(({ message }) => message.kind === "chunk")?.message ?? "none sent").toMatchObject({
      snapshot: { index: 3 },
      membership: membershipNamed("abc", "", "d"),
    });
  });

  test("who installs a snapshot takes its membership, but for a newer one in the entries that stay behind it", () => {
    const fresh = new LoneMember({ members: "", id: "d" });
    const behind = new LoneMember({ term: 1, log });
    const chunk = { kind: "chunk", term: 1, snapshot: snapshotOf(3, 1, 0), offset: 0, bytes: noBytes } as const;
    const membership = membershipNamed("abc", "", "d");

    for (const member of [fresh, behind]) member.receive("b", { ...chunk, membership });

    expect(fresh.state.membership).toEqual(membership);
    expect(behind.state.membership).toEqual(membershipNamed("abc", "", "e"));
    expect(behind.state.log.configurations[0]).toEqual({ index: 3, membership });
  });
});
