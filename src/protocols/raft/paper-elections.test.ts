import { describe, expect, test } from "vitest";
import { LoneMember } from "../../../test/support/raft-member.ts";

const heartbeat = { kind: "heartbeat", commit: 0, round: 0, sent: 0 } as const;
const nowhere = { index: 0, term: 0 };

describe("Raft paper §5.1", () => {
  test("if one's current term is smaller than the other's, it updates to the larger value, and stores it", () => {
    const member = new LoneMember({ term: 2 });

    const words = member.receive("b", { ...heartbeat, term: 5 });

    expect(words).toEqual(["store t5 vote none", "leader b in t5"]);
  });

  test.each([
    ["a leader", (member: LoneMember) => member.lead()],
    ["a candidate", (member: LoneMember) => stand(member)],
  ])("%s that discovers that its term is out of date reverts at once to follower", (_who, rise) => {
    const member = new LoneMember();
    rise(member);

    member.receive("b", { ...heartbeat, term: 9 });

    expect(member.state).toMatchObject({ role: "follower", term: 9, leader: "b", votedFor: undefined });
  });

  test("a member that receives a request with a stale term rejects it, and says its own term", () => {
    const member = new LoneMember({ term: 5 });

    const words = [
      ...member.receive("b", { kind: "vote", term: 4, last: { index: 9, term: 4 } }),
      ...member.receive("b", { kind: "append", term: 4, previous: nowhere, entries: [], commit: 9 }),
      ...member.receive("b", { kind: "preVote", term: 5, last: { index: 9, term: 4 } }),
    ];

    expect(words.filter((word) => !word.startsWith("leader"))).toEqual([
      "⇢ b t5 voteReply refused",
      "⇢ b t5 heartbeatReply round 0 match 0",
      "⇢ b t5 preVoteReply refused",
    ]);
    expect(member.state).toMatchObject({ term: 5, commit: 0, leader: undefined });
  });

  test("a reply with a stale term is ignored", () => {
    const member = new LoneMember({ term: 4, log: [4] });
    member.lead();

    member.receive("b", { kind: "appendReply", term: 4, match: 1 });
    member.receive("c", { kind: "voteReply", term: 4, granted: true });

    expect(member.state.leadership?.peers.get("b")?.match).toBe(0);
  });
});

describe("Raft paper §5.2", () => {
  test("members begin as followers", () => {
    expect(new LoneMember().state).toMatchObject({ role: "follower", term: 0, leader: undefined });
  });

  test("a follower that hears its leader in time stays a follower", () => {
    const member = new LoneMember({ term: 1 });

    for (let count = 0; count < 20; count++) {
      member.receive("b", { ...heartbeat, term: 1 });
      member.tick(9);
    }

    expect(member.state).toMatchObject({ role: "follower", leader: "b", term: 1 });
  });

  test("a follower that hears nothing for an election timeout begins an election, no sooner", () => {
    const member = new LoneMember();
    const { patience } = member.state;

    expect(patience).toBeGreaterThanOrEqual(10);
    expect(member.tick(patience - 1)).toEqual([]);
    expect(member.tick()).toEqual(["⇢ b t1 preVote last 0@0", "⇢ c t1 preVote last 0@0"]);
  });

  test("election timeouts are random, from once to twice electionTicks, and drawn anew for each election", () => {
    const drawn = new Set<number>();
    const member = new LoneMember();

    for (let count = 0; count < 50; count++) {
      member.tick(member.state.patience);
      drawn.add(member.state.patience);
    }

    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...drawn)).toBeLessThan(20);
    expect(drawn.size).toBeGreaterThan(5);
  });

  test("to stand, a member increments its term, votes for itself, and asks all others", () => {
    const member = new LoneMember({ term: 3, log: [1, 3] });
    member.tickUntilCampaign();

    const words = member.receive("b", { kind: "preVoteReply", term: 4, granted: true });

    expect(words).toEqual(["store t4 vote a", "→ b t4 vote last 2@3", "→ c t4 vote last 2@3", "leader none in t4"]);
  });

  test("a candidate wins by votes from a majority, its own among them once that is durable", () => {
    const five = new LoneMember({ members: "abcde" });
    stand(five);

    five.receive("b", { kind: "voteReply", term: 1, granted: true });
    five.receive("c", { kind: "voteReply", term: 1, granted: true });
    const before = five.state.role;
    five.persisted();

    expect([before, five.state.role]).toEqual(["candidate", "leader"]);
  });

  test("its own vote is durable when its record is, not when an earlier one is", () => {
    const five = new LoneMember({ members: "abcde", term: 1 });
    const entries = [{ term: 1, kind: "none", payload: new Uint8Array(0) }] as const;
    five.receive("b", { kind: "append", term: 1, previous: nowhere, entries, commit: 0 });
    const earlierCount = five.records.length;
    five.link("b", false);
    stand(five);
    for (const from of ["b", "c"]) five.receive(from, { kind: "voteReply", term: 2, granted: true });

    five.step({ kind: "persisted", count: earlierCount });
    const before = five.state.role;
    five.persisted();

    expect([before, five.state.role]).toEqual(["candidate", "leader"]);
  });

  test("the same member's vote counts once, a refusal and a stranger's vote not at all", () => {
    const five = new LoneMember({ members: "abcde" });
    stand(five);
    five.persisted();

    for (const from of ["b", "b", "x", "y"]) five.receive(from, { kind: "voteReply", term: 1, granted: true });
    five.receive("c", { kind: "voteReply", term: 1, granted: false });

    expect(five.state.role).toBe("candidate");
  });

  test("each member votes for at most one candidate in a term, first come first served, for the same one again", () => {
    const member = new LoneMember();
    const ask = { kind: "vote", term: 1, last: nowhere } as const;

    expect(member.receive("b", ask)).toEqual([
      "store t1 vote none",
      "store t1 vote b",
      "→ b t1 voteReply granted",
      "leader none in t1",
    ]);
    expect(member.receive("c", ask)).toEqual(["→ c t1 voteReply refused"]);
    expect(member.receive("b", ask)).toEqual(["→ b t1 voteReply granted"]);
  });

  test("a vote is remembered across a restart", () => {
    const member = new LoneMember({ term: 1, votedFor: "b" });

    expect(member.receive("c", { kind: "vote", term: 1, last: nowhere })).toContain("→ c t1 voteReply refused");
  });

  test("a winner sends appends to all at once, to establish its authority", () => {
    const member = new LoneMember();

    const words = member.lead();

    expect(words.filter((word) => word.startsWith("⇢"))).toEqual([
      "⇢ b t1 append after 0@0: 1@1, commit 0",
      "⇢ c t1 append after 0@0: 1@1, commit 0",
    ]);
  });

  test("a leader sends heartbeats to all, heartbeatTicks apart, to keep its authority", () => {
    const member = new LoneMember();
    member.lead();
    member.persisted();

    const words = [member.tick(), member.tick()];

    expect(words).toEqual([
      [],
      ["⇢ b t1 heartbeat round 1 commit 0 sent 1", "⇢ c t1 heartbeat round 1 commit 0 sent 1"],
    ]);
  });

  test("a candidate that hears a leader of its own term recognizes it and returns to follower", () => {
    const member = new LoneMember();
    stand(member);

    member.receive("b", { ...heartbeat, term: 1 });

    expect(member.state).toMatchObject({ role: "follower", leader: "b", term: 1 });
  });

  test("a candidate that hears a leader of an older term rejects it and goes on", () => {
    const member = new LoneMember({ term: 3 });
    stand(member);

    const words = member.receive("b", { ...heartbeat, term: 3 });

    expect(words).toEqual(["→ b t4 heartbeatReply round 0 match 0"]); // waits: its own term is not durable yet
    expect(member.state.role).toBe("candidate");
  });

  test("when votes are split, a candidate times out and begins a new election", () => {
    const member = new LoneMember();
    stand(member);
    member.persisted();

    member.tick(member.state.patience);
    expect(member.state).toMatchObject({ role: "preCandidate", term: 1 });
    member.receive("b", { kind: "preVoteReply", term: 2, granted: true });

    expect(member.state).toMatchObject({ role: "candidate", term: 2 });
  });

  test("a member alone elects itself, once its vote is durable", () => {
    const member = new LoneMember({ members: "a" });

    const campaign = member.tickUntilCampaign();
    const elected = member.persisted();

    expect(campaign).toEqual(["store t1 vote a", "leader none in t1"]);
    expect(elected).toEqual(["store 1@1", "leader a in t1"]);
  });
});

describe("Raft paper §5.4.1", () => {
  const ours = [1, 2, 2]; // ends at 3@2
  test.each([
    { last: { index: 1, term: 3 }, granted: true, why: "a later last term wins, however short the log" },
    { last: { index: 3, term: 2 }, granted: true, why: "an equal log may win" },
    { last: { index: 4, term: 2 }, granted: true, why: "with the same last term the longer log wins" },
    { last: { index: 2, term: 2 }, granted: false, why: "with the same last term a shorter log loses" },
    { last: { index: 9, term: 1 }, granted: false, why: "an earlier last term loses, however long the log" },
  ])("a voter denies its vote if its own log is more up to date: $why", ({ last, granted }) => {
    const said = granted ? "granted" : "refused";

    const vote = new LoneMember({ term: 2, log: ours }).receive("b", { kind: "vote", term: 3, last });
    const preVote = new LoneMember({ term: 2, log: ours }).receive("b", { kind: "preVote", term: 3, last });

    expect(vote).toContain(`→ b t3 voteReply ${said}`);
    expect(preVote).toContain(`⇢ b t${granted ? 3 : 2} preVoteReply ${said}`);
  });
});

describe("dissertation §9.6 (pre-vote)", () => {
  test("a candidate learns whether a majority would vote for it before it increments its term", () => {
    const five = new LoneMember({ members: "abcde", term: 7 });
    five.tickUntilCampaign();

    five.receive("b", { kind: "preVoteReply", term: 8, granted: true });
    expect(five.state).toMatchObject({ role: "preCandidate", term: 7 });
    five.receive("c", { kind: "preVoteReply", term: 8, granted: true });

    expect(five.state).toMatchObject({ role: "candidate", term: 8 });
  });

  test("a member that cannot reach the others never increments its term", () => {
    const member = new LoneMember({ term: 7 });

    member.tick(500);

    expect(member.state).toMatchObject({ role: "preCandidate", term: 7 });
    expect(member.records).toEqual([]);
  });

  test("a pre-vote changes nothing at who grants it, and several may have it", () => {
    const member = new LoneMember({ term: 1 });
    const ask = { kind: "preVote", term: 2, last: nowhere } as const;

    const words = [...member.receive("b", ask), ...member.receive("c", ask)];

    expect(words.filter((word) => !word.startsWith("leader"))).toEqual([
      "⇢ b t2 preVoteReply granted",
      "⇢ c t2 preVoteReply granted",
    ]);
    expect(member.state).toMatchObject({ term: 1, votedFor: undefined });
  });

  test("a member that hears a live leader refuses, and so a returning one does not disturb", () => {
    const member = new LoneMember({ term: 3 });
    member.receive("b", { ...heartbeat, term: 3 });

    const words = member.receive("c", { kind: "preVote", term: 4, last: { index: 9, term: 3 } });

    expect(words).toEqual(["⇢ c t3 preVoteReply refused"]);
  });

  test("a refusal with a newer term brings the candidate there, one of its own term is ignored", () => {
    const member = new LoneMember({ term: 3 });
    member.tickUntilCampaign();

    member.receive("b", { kind: "preVoteReply", term: 3, granted: false });
    expect(member.state).toMatchObject({ role: "preCandidate", term: 3 });
    member.receive("c", { kind: "preVoteReply", term: 6, granted: false });

    expect(member.state).toMatchObject({ role: "follower", term: 6 });
  });

  test("a pre-vote granted for an earlier campaign does not count", () => {
    const member = new LoneMember({ term: 3 });
    member.tickUntilCampaign();

    member.receive("b", { kind: "preVoteReply", term: 3, granted: true });

    expect(member.state).toMatchObject({ role: "preCandidate", term: 3 });
  });
});

describe("dissertation §4.2.3 (disruptive servers)", () => {
  test("a vote request within the minimum election timeout of hearing a leader is dropped, term and all", () => {
    const member = new LoneMember({ term: 3 });
    member.receive("b", { ...heartbeat, term: 3 });
    member.tick(9);

    expect(member.receive("c", { kind: "vote", term: 8, last: { index: 9, term: 7 } })).toEqual([]);
    expect(member.state.term).toBe(3);

    member.tick();
    expect(member.receive("c", { kind: "vote", term: 8, last: { index: 9, term: 7 } })).toContain(
      "→ c t8 voteReply granted",
    );
  });

  test("a leader is not deposed by a vote request", () => {
    const member = new LoneMember();
    member.lead();

    expect(member.receive("c", { kind: "vote", term: 8, last: { index: 9, term: 7 } })).toEqual([]);
    expect(member.state.role).toBe("leader");
  });

  test("a broken link to the leader waives it, until the leader is heard again", () => {
    const member = new LoneMember({ term: 3 });
    const ask = { kind: "preVote", term: 4, last: { index: 9, term: 3 } } as const;
    member.receive("b", { ...heartbeat, term: 3 });

    member.link("b", false);
    expect(member.receive("c", ask)).toEqual(["⇢ c t4 preVoteReply granted"]);
    member.receive("b", { ...heartbeat, term: 3 });

    expect(member.receive("c", ask)).toEqual(["⇢ c t3 preVoteReply refused"]);
  });
});

describe("dissertation §6.2 (check quorum)", () => {
  test("a leader steps down when an election timeout passes without word from a majority", () => {
    const five = new LoneMember({ members: "abcde" });
    five.lead();
    five.persisted();

    five.tick(9);
    five.receive("b", { kind: "heartbeatReply", term: 1, round: 1, match: 0, missing: false });
    expect(five.state.role).toBe("leader");
    const words = five.tick();

    expect(words.at(-1)).toBe("leader none in t1"); // of four others only one was heard
    expect(five.state.role).toBe("follower");
  });

  test("a leader that hears a majority leads on", () => {
    const five = new LoneMember({ members: "abcde" });
    five.lead();
    five.persisted();

    for (let count = 0; count < 10; count++) {
      five.tick(9);
      for (const from of ["b", "c"]) {
        five.receive(from, { kind: "heartbeatReply", term: 1, round: 1, match: 0, missing: false });
      }
    }

    expect(five.state.role).toBe("leader");
  });

  test("a leader whose disk stores nothing for an election timeout steps down, and does not campaign", () => {
    const member = new LoneMember();
    member.lead(); // its opening entry never becomes durable

    for (let count = 0; count < 60; count++) {
      member.tick();
      member.receive("b", { kind: "heartbeatReply", term: 1, round: 1, match: 0, missing: false });
    }

    expect(member.state).toMatchObject({ role: "follower", term: 1 });
  });
});

/** From follower to candidate, by one pre-vote; its own vote not yet durable. */
function stand(member: LoneMember): void {
  member.tickUntilCampaign();
  const term = member.state.term + 1;
  for (const { id } of member.state.membership.members.slice(1)) {
    if (member.state.role === "preCandidate") member.receive(id, { kind: "preVoteReply", term, granted: true });
  }
}
