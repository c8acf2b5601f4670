import { describe, expect, test } from "vitest";
import { entriesOf, LoneMember, membershipEntry, settledLeader } from "../../../test/support/raft-member.ts";
import type { Entry } from "../replicated-log.ts";
import { Recovery } from "./index.ts";

/** What was asked and granted by all who are named. */
function elect(member: LoneMember, kind: "preVoteReply" | "voteReply", voters: string): void {
  const term = member.state.term + (kind === "preVoteReply" ? 1 : 0);
  for (const from of voters) member.receive(from, { kind, term, granted: true });
}

function appended(member: LoneMember, from: string, ...items: readonly (number | Entry)[]): string[] {
  const previous = { index: 0, term: 0 };
  return member.receive(from, { kind: "append", term: 1, previous, commit: 0, entries: entriesOf(...items) });
}

describe("learners (dissertation §4.2.1)", () => {
  test("a learner's storage commits nothing", () => {
    const member = settledLeader({ learners: "de" });
    member.propose(1, "x");
    member.persisted();

    member.stored("d", 2);
    member.stored("e", 2);

    expect(member.state.commit).toBe(1);
  });

  test("a leader that hears learners alone steps down", () => {
    const member = settledLeader({ learners: "de" });
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
    const reader = settledLeader({ learners: "de" });
    reader.request({ kind: "barrier", id: 7, mode: "quorum" });

    const answer = { kind: "heartbeatReply", term: 1, round: 2, match: 1, missing: false } as const;
    const words = [...reader.receive("d", answer), ...reader.receive("e", answer)];

    expect([role, words]).toEqual(["preCandidate", []]);
  });

  test("a learner is sent what voters are sent", () => {
    const member = settledLeader({ learners: "d" });

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

describe("a member on its way in, which may have been a member before and have lost what it had", () => {
  /** Knows nobody, and reads of a time when it was the only voter; it was met with entry 9. */
  function joining(): LoneMember {
    const member = new LoneMember({ members: "", id: "d" });
    const entries = entriesOf(membershipEntry(1, "d"), 1);
    const previous = { index: 0, term: 0 };
    member.receive("a", { kind: "append", term: 1, previous, commit: 9, entries, session: 9 });
    member.persisted();
    return member;
  }

  const ask = { kind: "vote", term: 2, last: { index: 9, term: 1 }, isHandedOver: true } as const;

  test("does not stand, though an old membership names it alone", () => {
    const member = joining();

    member.tick(100);

    expect(member.state).toMatchObject({ role: "follower", term: 1 });
  });

  test("votes for nobody: its vote counted before, with what it has lost", () => {
    const member = joining();

    const asked = member.receive("b", { kind: "preVote", term: 2, last: ask.last });
    const words = member.receive("b", ask);

    expect(asked).toContain("⇢ b t1 preVoteReply refused");
    expect(words).toContain("→ b t2 voteReply refused");
  });

  test("is not in where a late word, to the member that it was, names an earlier meeting", () => {
    const member = new LoneMember({ members: "", id: "d" });
    const late = {
      kind: "append",
      term: 1,
      previous: { index: 6, term: 1 },
      commit: 6,
      entries: [],
      session: 1,
    } as const;
    member.receive("a", late);
    const entries = entriesOf(membershipEntry(1, "d"), 1);
    const previous = { index: 0, term: 0 };

    member.receive("a", { kind: "append", term: 1, previous, commit: 9, entries, session: 9 });
    member.persisted();
    member.tick(100);

    expect(member.state).toMatchObject({ role: "follower", term: 1, joining: 9 });
    expect(member.receive("b", ask)).toContain("→ b t2 voteReply refused");
  });

  test("is in where the newest leader met it, though an earlier one, whose log was lost, met it further on", () => {
    const member = new LoneMember({ members: "", id: "d" });
    const far = { index: 1000, term: 1 };
    member.receive("a", { kind: "append", term: 1, previous: far, commit: 0, entries: [], session: 1001 });
    const entries = entriesOf(membershipEntry(1, "b", "", "d"), 2, membershipEntry(2, "bd"));
    const previous = { index: 0, term: 0 };
    member.receive("b", { kind: "append", term: 2, previous, commit: 3, entries, session: 2 });
    member.persisted();

    const words = member.receive("b", { kind: "vote", term: 3, last: { index: 3, term: 2 }, isHandedOver: true });

    expect(words).toContain("→ b t3 voteReply granted"); // nobody else could be elected
  });

  test("remembers that across a restart", () => {
    const member = joining();
    const recovery = new Recovery([], 1000);

    for (const record of member.records) recovery.take(record);

    expect(recovery.finish()).toMatchObject({ joining: 9, log: { last: 2 } });
  });

  test("takes part once its log has reached the place where it was met, and is on the disk", () => {
    const member = joining();
    const entries = entriesOf(1, 1, 1, 1, 1, 1, membershipEntry(1, "abc", "", "d"));
    const previous = { index: 2, term: 1 };
    member.receive("a", { kind: "append", term: 1, previous, commit: 9, entries, session: 9 });
    const early = member.receive("b", ask);
    member.persisted();

    const words = member.receive("b", ask);

    expect(early).toContain("→ b t2 voteReply refused");
    expect(words).toContain("→ b t2 voteReply granted");
    expect(member.records.at(-1)).toEqual({ kind: "state", term: 2, votedFor: "b" });
  });

  test("who was never heard of by a leader votes for nobody either", () => {
    const member = new LoneMember({ members: "", id: "d" });

    expect(member.receive("b", ask)).toContain("→ b t2 voteReply refused");
  });

  test("becomes a voter no sooner", () => {
    const member = settledLeader({ learners: "d", options: { learnerLagMax: 1000 } });
    member.change("abc", "de", 1);
    member.persisted();
    member.stored("b", 2);
    member.receive("e", { kind: "appendReply", term: 1, match: 1 }); // met with entry 2

    const early = member.change("abce", "d", 2);
    member.stored("e", 2);

    expect(early).toEqual(["refused #2 behind"]);
    expect(member.change("abce", "d", 3)).toContain("accepted #3 at 3@1");
  });
});

describe("what is refused", () => {
  test("who does not lead says who does", () => {
    const member = new LoneMember({ term: 1 });
    appended(member, "b");

    expect(member.change("ab")).toEqual(["refused #1 not-leader"]);
  });

  test("one change at a time, until it is over", () => {
    const member = settledLeader({ learners: "de" });
    const answers = [member.change("abd", "e", 1)];
    member.persisted();

    answers.push(member.change("abe", "", 2));
    member.stored("b", 2);
    member.stored("d", 2);
    answers.push(member.change("abe", "", 3)); // the joint one is committed, the final one is not
    member.persisted();
    member.stored("b", 3);
    member.stored("d", 3);
    answers.push(member.change("ab", "", 4));

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

    expect(member.change("abcd")).toEqual(["refused #1 changing"]);
  });

  test.each([
    ["not yet known", "abce", (_: LoneMember) => []],
    ["being compared", "abcd", (member: LoneMember) => member.link("d", false)],
    ["not heard", "abcd", (member: LoneMember) => quiet(member, "d")],
    ["too far behind", "abcd", (member: LoneMember) => lag(member, 3)],
  ])("a new voter is a learner that has caught up, and not one that is %s", (_what, members, upset) => {
    const member = settledLeader({ learners: "d", options: { learnerLagMax: 2 } });
    upset(member);

    expect(member.change(members)).toEqual(["refused #1 behind"]);
  });

  test("a learner within the lag becomes a voter", () => {
    const member = settledLeader({ learners: "d", options: { learnerLagMax: 2 } });
    lag(member, 2);

    expect(member.change("abcd")).toContain("accepted #1 at 4@1");
  });

  test.each([
    ["nobody votes", "", "abc"],
    ["one stands twice", "abb", ""],
    ["one is both", "abc", "c"],
    ["a name is none", "ab-", ""],
  ])("a membership in which %s", (_what, members, learners) => {
    expect(settledLeader().change(members, learners)).toEqual(["refused #1 invalid"]);
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
    member.stored("b", member.state.log.last);
  }
}
