import { describe, expect, test } from "vitest";
import { entriesOf, LoneMember } from "../../../test/support/raft-member.ts";
import type { Position, RaftMessage } from "./index.ts";

const nowhere = { index: 0, term: 0 };

function append(term: number, previous: Position, terms: readonly number[], commit = 0): RaftMessage {
  return { kind: "append", term, previous, entries: entriesOf(...terms), commit };
}

function matched(term: number, match: number): RaftMessage {
  return { kind: "appendReply", term, match };
}

/** A leader of three in term 2 with an empty log before: its opening entry 1@2 is durable, and matched by b. */
function leader(options: object = {}): LoneMember {
  const member = new LoneMember({ term: 1, options });
  member.lead();
  member.persisted();
  member.receive("b", matched(2, 1));
  return member;
}

/** Terms of the whole log. */
function terms(member: LoneMember): number[] {
  return member.state.log.tail.map((entry) => entry.term);
}

describe("Raft paper §5.3", () => {
  test("the leader appends a command to its log and sends it to all, in parallel with its own disk", () => {
    const member = leader();
    member.receive("c", matched(2, 1));

    const words = member.propose(7, "x");

    expect(words).toEqual([
      "accepted #7 at 2@2",
      'store 2@2 "x"',
      '⇢ b t2 append after 1@2: 2@2 "x", commit 1',
      '⇢ c t2 append after 1@2: 2@2 "x", commit 1',
    ]);
  });

  test("an entry is committed once a majority has stored it, the leader's own disk counted like any other", () => {
    const member = leader();
    member.receive("c", matched(2, 1));
    member.propose(7, "x"); // not durable here

    expect(member.receive("b", matched(2, 2))).toEqual([]);
    expect(member.state.commit).toBe(1);
    member.receive("c", matched(2, 2));

    expect(member.state.commit).toBe(2);
    expect(member.state.delivery.delivered).toBe(1); // committed, but delivered only once it is durable here
    expect(member.persisted()).toEqual(['committed 2@2 "x"', "settled #7 applied"]);
  });

  test("a commit includes all preceding entries, those of earlier leaders too", () => {
    const member = new LoneMember({ term: 2, log: [1, 2, 2] });
    member.lead();
    member.persisted();

    const words = member.receive("b", matched(3, 4));

    expect(words).toContain("committed 1@1 2@2 3@2 4@3");
  });

  test("the leader tells the highest committed index in later messages, and followers then deliver", () => {
    const follower = new LoneMember({ term: 1 });
    follower.receive("b", append(1, nowhere, [1, 1]));
    follower.persisted();

    const words = follower.receive("b", append(1, { index: 2, term: 1 }, [1], 2));

    expect(words).toContain("committed 1@1 2@1");
    expect(follower.state.commit).toBe(2);
  });

  test("a follower stores entries before it answers, and answers all appends of a batch at once", () => {
    const follower = new LoneMember();

    const words = follower.receive("b", append(1, nowhere, [1, 1]), append(1, { index: 2, term: 1 }, [1]));

    expect(words).toEqual(["store t1 vote none", "store 1@1 2@1 3@1", "→ b t1 matched 3", "leader b in t1"]);
  });

  test("a follower refuses entries whose predecessor it does not have", () => {
    const follower = new LoneMember({ term: 1, log: [1] });

    const words = follower.receive("b", append(1, { index: 3, term: 1 }, [1]));

    expect(words[0]).toBe("⇢ b t1 conflict at 3, hint 1@1");
    expect(terms(follower)).toEqual([1]);
  });

  test("a follower refuses entries whose predecessor is of another term", () => {
    const follower = new LoneMember({ term: 3, log: [1, 2, 2] });

    const words = follower.receive("b", append(3, { index: 3, term: 1 }, [3]));

    expect(words[0]).toBe("⇢ b t3 conflict at 3, hint 1@1"); // nothing of term 2 can agree
    expect(terms(follower)).toEqual([1, 2, 2]);
  });

  test("an entry that conflicts is deleted, with all that follow it", () => {
    const follower = new LoneMember({ term: 3, log: [1, 2, 2, 2] });

    const words = follower.receive("b", append(3, { index: 1, term: 1 }, [1, 3]));

    expect(words).toEqual(["store 2@1 3@3", "→ b t3 matched 3", "leader b in t3"]);
    expect(terms(follower)).toEqual([1, 1, 3]);
    expect(follower.state.log.durable).toBe(1);
  });

  test("entries already there are kept, and so are those after them: a late append truncates nothing", () => {
    const follower = new LoneMember({ term: 1, log: [1, 1, 1] });

    const words = follower.receive("b", append(1, nowhere, [1, 1]));

    expect(words).toEqual(["→ b t1 matched 2", "leader b in t1"]);
    expect(terms(follower)).toEqual([1, 1, 1]);
  });

  test("the commit index of a follower ends where its log is known to equal the leader's", () => {
    const follower = new LoneMember({ term: 3, log: [1, 2, 2] });

    follower.receive("b", append(3, nowhere, [1], 3));

    expect(follower.state.commit).toBe(1); // 2 and 3 may not be the leader's
  });

  test("what was verified against one leader's log says nothing about the next one's", () => {
    const follower = new LoneMember({ term: 1 });
    follower.receive("b", append(1, nowhere, [1, 1, 1], 1));
    follower.persisted();

    const words = follower.receive("c", { kind: "heartbeat", term: 2, commit: 0, round: 1, sent: 0 });

    expect(words).toContain("→ c t2 heartbeatReply round 1 match 1"); // of three stored entries one is committed
  });

  test("a new leader takes each follower's next index to be just after its own last", () => {
    const member = new LoneMember({ term: 2, log: [1, 2] });

    const words = member.lead();

    expect(words.filter((word) => word.includes("append"))).toEqual([
      "⇢ b t3 append after 2@2: 3@3, commit 0",
      "⇢ c t3 append after 2@2: 3@3, commit 0",
    ]);
  });

  test("after a refusal the leader goes back, a whole term at a time, until the logs agree", () => {
    const member = new LoneMember({ term: 6, log: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6] });
    member.lead();

    // The follower's log is 1 1 1 2 2 2 3 3 3 3 3, as (f) in figure 7.
    const words = member.receive("b", { kind: "appendConflict", term: 7, rejected: 10, hint: { index: 10, term: 3 } });

    expect(words).toEqual(["⇢ b t7 append after 3@1: 4@4 … 11@7, commit 0"]);
  });

  test("while the logs are being compared one append is on its way at a time; then they stream", () => {
    const member = leader();

    expect(member.propose(1, "x").filter((word) => word.startsWith("⇢"))).toHaveLength(1); // c was not heard yet
    const caughtUp = member.receive("c", matched(2, 1));
    const next = member.propose(2, "y");

    expect(caughtUp).toEqual(['⇢ c t2 append after 1@2: 2@2 "x", commit 1']);
    expect(next.filter((word) => word.startsWith("⇢"))).toHaveLength(2);
  });

  test("a lost probe is sent again after the follower answered a heartbeat", () => {
    const member = new LoneMember();
    member.lead();

    const words = member.receive("b", { kind: "heartbeatReply", term: 1, round: 1, match: 0, missing: true });

    expect(words).toEqual(["⇢ b t1 append after 0@0: 1@1, commit 0"]);
  });

  test("the leader sends again, for ever, what a follower says is missing", () => {
    const member = leader();
    member.propose(1, "x");

    for (let count = 0; count < 3; count++) {
      const words = member.receive("b", { kind: "heartbeatReply", term: 2, round: 1, match: 1, missing: true });
      expect(words).toEqual(['⇢ b t2 append after 1@2: 2@2 "x", commit 1']);
    }
  });

  test("a refusal that was overtaken by a later answer is ignored", () => {
    const member = leader();

    const words = member.receive("b", { kind: "appendConflict", term: 2, rejected: 1, hint: nowhere });

    expect(words).toEqual([]);
    expect(member.state.leadership?.peers.get("b")).toMatchObject({ match: 1, mode: "stream" });
  });

  test("a leader never overwrites or deletes entries of its own log (Leader Append-Only)", () => {
    const member = new LoneMember({ term: 2, log: [1, 2, 2] });
    member.lead();
    const before = terms(member);

    member.receive("b", { kind: "appendConflict", term: 3, rejected: 3, hint: nowhere });
    member.receive("c", append(2, nowhere, [1, 1, 1, 1]));

    expect(terms(member)).toEqual(before);
  });
});

describe("Raft paper §5.4.2, figure 8", () => {
  test("entries of earlier terms are not committed by counting replicas, only through one of the leader's own", () => {
    const five = new LoneMember({ members: "abcde", term: 3, log: [1, 2] }); // S1 in figure 8 (c)
    five.lead();
    five.persisted();

    five.receive("b", matched(4, 2));
    five.receive("c", matched(4, 2));
    expect(five.state.commit).toBe(0); // 2@2 is on a majority, and could still be overwritten, as in (d)

    five.receive("b", matched(4, 3));
    five.receive("c", matched(4, 3));
    expect(five.state.commit).toBe(3); // as in (e)
  });
});

describe("Raft paper §5.5", () => {
  test("messages are idempotent: a repeated append is answered and changes nothing", () => {
    const follower = new LoneMember();
    const message = append(1, nowhere, [1, 1], 1);
    follower.receive("b", message);
    follower.persisted();
    const before = structuredClone(follower.state.log);

    const words = follower.receive("b", message);

    expect(words).toEqual(["→ b t1 matched 2"]);
    expect({ ...follower.state.log, slice: 0 }).toEqual({ ...before, slice: 0 });
  });

  test("a repeated vote reply or append reply counts once", () => {
    const five = new LoneMember({ members: "abcde" });
    five.lead();
    five.persisted();

    for (let count = 0; count < 5; count++) five.receive("b", matched(1, 1));

    expect(five.state.commit).toBe(0);
  });
});

describe("flow control", () => {
  test("appends on their way to one follower stay within its window, and go on as answers come", () => {
    const member = leader({ inflightCountMax: 2, appendBytesMax: 1 });
    const sent = (words: readonly string[]) => words.filter((word) => word.startsWith("⇢ b")).length;

    const first = member.propose(1, "u", "v", "w", "x");
    const second = member.receive("b", matched(2, 2));

    expect([sent(first), sent(second)]).toEqual([2, 1]);
  });

  test("beyond uncommittedBytesMax a proposal is refused as busy, until something commits", () => {
    const member = leader({ uncommittedBytesMax: 600 });

    const words = [...member.propose(1, "x"), ...member.propose(2, "y"), ...member.propose(3, "z")];
    member.receive("b", matched(2, 3));
    member.persisted();

    expect(words.filter((word) => word.includes("#"))).toEqual([
      "accepted #1 at 2@2",
      "accepted #2 at 3@2",
      "refused #3 busy",
    ]);
    expect(member.propose(4, "z")).toContain("accepted #4 at 4@2");
  });

  test("a proposal larger than the whole bound is taken when nothing else is uncommitted", () => {
    const member = leader({ uncommittedBytesMax: 10 });

    expect(member.propose(1, "x")).toContain("accepted #1 at 2@2");
    expect(member.propose(2, "y")).toContain("refused #2 busy");
  });

  test("a payload over payloadBytesMax is refused as too large, with all of its proposal", () => {
    const member = leader({ payloadBytesMax: 3 });

    expect(member.propose(1, "ok", "long")).toEqual(["refused #1 too-large"]);
    expect(member.state.log.last).toBe(1);
  });

  test("delivery stays within its window until the owner has applied, and proposals are busy meanwhile", () => {
    const member = leader({ deliveryBytesMax: 300, appendBytesMax: 1 });
    member.propose(1, "x", "y", "z");
    member.persisted();

    const first = member.receive("b", matched(2, 4));
    const busy = member.propose(2, "more");
    const second = member.request({ kind: "applied", index: 2 });

    expect(first).toEqual(['committed 2@2 "x"']);
    expect(busy).toContain("refused #2 busy");
    expect(second).toContain('committed 3@2 "y"');
  });

  test("entries that left memory are wanted from storage, for delivery and for a slow follower", () => {
    const member = new LoneMember({ term: 1, log: [1, 1, 1, 1, 1, 1], options: { tailBytesMax: 600 } });
    member.lead();
    member.persisted();

    const delivery = member.receive("b", matched(2, 7));
    const supplied = member.request({
      kind: "supply",
      want: 1,
      found: { kind: "entries", from: 1, entries: entriesOf(1, 1, 1, 1, 1) },
    });
    const behind = member.receive("c", { kind: "appendConflict", term: 2, rejected: 6, hint: nowhere });
    const probed = member.receive("c", matched(2, 0));

    expect(delivery).toContain("want 1: entries from 1");
    expect(supplied[0]).toBe("committed 1@1 2@1 3@1 4@1 5@1");
    expect(behind).toEqual(["⇢ c t2 append after 0@0: nothing, commit 7"]);
    expect(probed).toEqual(["want 2: entries from 1"]);
  });

  test("of what storage gives, only the log's own entries are delivered: the read may be older than a replacement", () => {
    const member = new LoneMember({ term: 2, log: [1, 1, 1, 1, 1, 1], applied: 1, options: { tailBytesMax: 600 } });
    const asked = member.receive("b", append(3, { index: 3, term: 1 }, [3, 3], 3));
    member.persisted();
    member.receive("b", append(3, { index: 5, term: 3 }, [], 5));

    const stale = { kind: "entries", from: 2, entries: entriesOf(1, 1, 1, 1, 1) } as const;
    const words = member.request({ kind: "supply", want: 1, found: stale });

    expect(asked).toContain("want 1: entries from 2");
    expect(words[0]).toBe("committed 2@1 3@1");
    expect(words[1]).toBe("committed 4@3 5@3");
  });

  test("a question that storage leaves open for an election timeout is asked again", () => {
    const member = new LoneMember({ term: 1, log: [1, 1, 1, 1, 1, 1], options: { tailBytesMax: 600 } });
    member.lead();
    member.persisted();
    member.receive("b", matched(2, 7));

    const words = Array.from({ length: 12 }, () => {
      member.receive("b", { kind: "heartbeatReply", term: 2, round: 1, match: 7, missing: false });
      return member.tick();
    }).flat();

    expect(words).toContain("want 1: entries from 1");
    const found = { kind: "entries", from: 1, entries: [] } as const;
    expect(member.request({ kind: "supply", want: 1, found })).toEqual(["want 2: entries from 1"]); // late, and counts
  });
});
