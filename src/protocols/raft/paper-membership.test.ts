import { describe, expect, test } from "vitest";
import {
  entriesOf,
  LoneMember,
  lettered,
  type MemberSetup,
  membershipEntry,
  membershipNamed,
  snapshotOf,
} from "../../../test/support/raft-member.ts";
import { noBytes } from "../../base/bytes.ts";
import type { Entry } from "../replicated-log.ts";

function change(member: LoneMember, members: string, learners = "", id = 1): string[] {
  return member.request({ kind: "change", id, members: lettered(members), learners: lettered(learners) });
}

/** `from` has stored all through `match`. */
function stored(member: LoneMember, from: string, match: number): string[] {
  return member.receive(from, { kind: "appendReply", term: member.state.term, match });
}

/** A leader of `abc` in term 1 that has committed its opening entry; learners d and e, if there are any, keep up. */
function leader(setup: MemberSetup = {}): LoneMember {
  const member = new LoneMember(setup);
  member.lead();
  member.persisted();
  for (const { id } of [...member.state.membership.members, ...member.state.membership.learners]) {
    if (id !== member.state.config.id) stored(member, id, member.state.log.last);
  }
  member.persisted();
  return member;
}

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
    const member = leader({ learners: "de" });

    const words = change(member, "ade");

    expect(words).toContain("accepted #1 at 2@1");
    expect(words).toContain("store 2@1 (ade was abc)");
    expect(words).toContain("⇢ b t1 append after 1@1: 2@1 (ade was abc), commit 1");
    expect(words).toContain("members ade was abc in force at 2");
  });

  test("entries are committed by majorities of both lists, and neither alone is enough", () => {
    const byNew = leader({ learners: "de" });
    const byOld = leader({ learners: "de" });
    for (const member of [byNew, byOld]) {
      change(member, "ade");
      member.persisted();
    }

    const [afterNew, afterOld] = [
      [...stored(byNew, "d", 2), ...stored(byNew, "e", 2)],
      [...stored(byOld, "b", 2), ...stored(byOld, "c", 2)],
    ];

    expect([byNew.state.commit, byOld.state.commit]).toEqual([1, 1]);
    expect([...afterNew, ...afterOld].filter((word) => word.startsWith("committed"))).toEqual([]);
    stored(byNew, "c", 2);
    stored(byOld, "e", 2);
    expect([byNew.state.commit, byOld.state.commit]).toEqual([2, 2]);
  });

  test("once the joint membership is committed, the leader appends the final one, which the new voters decide alone", () => {
    const member = leader({ learners: "de" });
    change(member, "ade");
    member.persisted();
    stored(member, "b", 2);

    const words = stored(member, "d", 2);
    member.persisted();
    stored(member, "b", 3);
    stored(member, "c", 3);
    const commitByOld = member.state.commit;
    const last = stored(member, "e", 3);

    expect(words).toContain("store 3@1 (ade)");
    expect(words).toContain("settled #1 applied");
    expect(commitByOld).toBe(2);
    expect(last).toContain("members ade committed at 3");
  });

  test("a leader elected in the middle of a change ends it, once it knows that the joint membership is committed", () => {
    const member = new LoneMember({ term: 1, log: [1, membershipEntry(1, "ade", "abc")] });
    member.lead();
    member.persisted();

    const before = stored(member, "d", 3);
    const words = stored(member, "b", 3);

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
    const member = leader({ learners: "de" });
    change(member, "ade");
    member.request({ kind: "barrier", id: 7, mode: "quorum" });
    const answer = { kind: "heartbeatReply", term: 1, round: 2, match: 1, missing: false } as const;

    const words = [...member.receive("d", answer), ...member.receive("e", answer)];

    expect(words).toEqual([]);
    expect(member.receive("c", answer)).toContain("readable #7 from 1");
  });

  test("a leader that hears only one of both majorities steps down", () => {
    const member = leader({ learners: "de" });
    change(member, "ade");
    const alive = { kind: "heartbeatReply", term: 1, round: 1, match: 1, missing: false } as const;

    for (let count = 0; count < 11; count++) {
      member.tick();
      member.receive("d", alive);
      member.receive("e", alive);
    }

    expect(member.state.role).toBe("follower");
  });

  test("only what changes no voter is one entry: learners, and addresses", () => {
    const member = leader({ learners: "d" });
    const moved = [...lettered("ab"), { id: "c", address: "elsewhere:1" }];

    const words = member.request({ kind: "change", id: 1, members: moved, learners: lettered("e") });

    expect(words).toContain("store 2@1 (abc learning e)");
    expect(member.state.membership.members.at(-1)?.address).toBe("elsewhere:1");
  });

  test("a voter that is to learn keeps its vote until the change is over", () => {
    const member = leader();

    const words = change(member, "ab", "c");
    member.persisted();
    stored(member, "b", 2);
    member.persisted();

    expect(words).toContain("store 2@1 (ab was abc learning c)");
    expect(member.state.membership).toEqual(membershipNamed("ab", "", "c"));
    stored(member, "c", 3);
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

describe("learners (dissertation §4.2.1)", () => {
  test("a learner's storage commits nothing", () => {
    const member = leader({ learners: "de" });
    member.propose(1, "x");
    member.persisted();

    stored(member, "d", 2);
    stored(member, "e", 2);

    expect(member.state.commit).toBe(1);
  });

  test("a leader that hears learners alone steps down", () => {
    const member = leader({ learners: "de" });
    const alive = { kind: "heartbeatReply", term: 1, round: 1, match: 1, missing: false } as const;

    for (let count = 0; count < 11; count++) {
      member.tick();
      member.receive("d", alive);
      member.receive("e", alive);
    }

    expect(member.state.role).toBe("follower");
  });

  test("a learner's votes elect nobody, and its answers confirm no read", () => {
    const member = new LoneMember({ learners: "de" });
    member.tickUntilCampaign();
    elect(member, "preVoteReply", "de");
    const role = member.state.role;
    const reader = leader({ learners: "de" });
    reader.request({ kind: "barrier", id: 7, mode: "quorum" });

    const answer = { kind: "heartbeatReply", term: 1, round: 2, match: 1, missing: false } as const;
    const words = [...reader.receive("d", answer), ...reader.receive("e", answer)];

    expect([role, words]).toEqual(["preCandidate", []]);
  });

  test("a learner is sent what voters are sent", () => {
    const member = leader({ learners: "d" });

    expect(member.propose(1, "x")).toContain('⇢ d t1 append after 1@1: 2@1 "x", commit 1');
  });

  test("a learner never campaigns, and answers who does", () => {
    const member = new LoneMember({ id: "d", learners: "d" });

    member.tick(100);
    const words = member.receive("a", { kind: "vote", term: 1, last: { index: 0, term: 0 } });

    expect([member.state.role, member.state.term]).toEqual(["follower", 1]);
    expect(words).toEqual(["store t1 vote none", "store t1 vote a", "→ a t1 voteReply granted", "leader none in t1"]);
  });

  test("a member that joins knows nobody: it campaigns never, obeys a leader, and learns who takes part", () => {
    const member = new LoneMember({ members: "", id: "d" });

    const silence = member.tick(100);
    const words = appended(member, "a", membershipEntry(1, "abc", "", "d"));

    expect(silence).toEqual([]);
    expect(words).toContain("members abc learning d in force at 1");
    expect(member.state.leader).toBe("a");
  });
});

describe("what is refused", () => {
  test("who does not lead says who does", () => {
    const member = new LoneMember({ term: 1 });
    appended(member, "b");

    expect(change(member, "ab")).toEqual(["refused #1 not-leader"]);
  });

  test("one change at a time, until it is over", () => {
    const member = leader({ learners: "de" });
    const answers = [change(member, "abd", "e", 1)];
    member.persisted();

    answers.push(change(member, "abe", "", 2));
    stored(member, "b", 2);
    stored(member, "d", 2);
    answers.push(change(member, "abe", "", 3)); // the joint one is committed, the final one is not
    member.persisted();
    stored(member, "b", 3);
    stored(member, "d", 3);
    answers.push(change(member, "ab", "", 4));

    const verdicts = answers.flat().filter((word) => /^(?:accepted|refused)/.test(word));
    expect(verdicts).toEqual([
      "accepted #1 at 2@1",
      "refused #2 changing",
      "refused #3 changing",
      "accepted #4 at 4@1",
    ]);
  });

  test("no change before the term has committed an entry of its own (the 2015 correction)", () => {
    const member = new LoneMember({ learners: "d", term: 1, log: [1] });
    member.lead();

    expect(change(member, "abcd")).toEqual(["refused #1 changing"]);
  });

  test.each([
    ["not yet known", "abce", (_: LoneMember) => []],
    ["being compared", "abcd", (member: LoneMember) => member.link("d", false)],
    ["not heard", "abcd", (member: LoneMember) => quiet(member, "d")],
    ["too far behind", "abcd", (member: LoneMember) => lag(member, 3)],
  ])("a new voter is a learner that has caught up, and not one that is %s", (_what, members, upset) => {
    const member = leader({ learners: "d", options: { learnerLagMax: 2 } });
    upset(member);

    expect(change(member, members)).toEqual(["refused #1 behind"]);
  });

  test("a learner within the lag becomes a voter", () => {
    const member = leader({ learners: "d", options: { learnerLagMax: 2 } });
    lag(member, 2);

    expect(change(member, "abcd")).toContain("accepted #1 at 4@1");
  });

  test.each([
    ["nobody votes", "", "abc"],
    ["one stands twice", "abb", ""],
    ["one is both", "abc", "c"],
    ["a name is none", "ab-", ""],
  ])("a membership in which %s", (_what, members, learners) => {
    expect(change(leader(), members, learners)).toEqual(["refused #1 invalid"]);
  });
});

/** All but `silent` go on answering for an election timeout. */
function quiet(member: LoneMember, silent: string): void {
  const alive = { kind: "heartbeatReply", term: 1, round: 1, match: 1, missing: false } as const;
  for (let count = 0; count < 10; count++) {
    member.tick();
    for (const id of "bcd") if (id !== silent) member.receive(id, alive);
  }
}

/** Commits `count` entries that d lacks. */
function lag(member: LoneMember, count: number): void {
  for (let at = 0; at < count; at++) {
    member.propose(100 + at, "x");
    member.persisted();
    stored(member, "b", member.state.log.last);
  }
}
