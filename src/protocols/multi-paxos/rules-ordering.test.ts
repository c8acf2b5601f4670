import { describe, expect, test } from "vitest";
import { only, PaxosMember, paxosMembers, update } from "../../../test/support/paxos-member.ts";
import { encodeChange } from "./codec/change-codec.ts";
import { viewOf } from "./membership/configurations.ts";
import type { Update } from "./messages.ts";

const view = (attempt: number) => viewOf(0, attempt);
const x = update("x", 1);
const y = update("y", 2);
const proposal = { kind: "proposal", view: view(1), ordered: 0, stable: 0 } as const;

/** A leader of three, and its view. */
function leader(options = {}): { member: PaxosMember; own: number } {
  const member = new PaxosMember({ options });
  const own = member.lead();
  return { member, own };
}

describe("G1, G2: Send_Proposal", () => {
  test("a run goes to all ahead of the own disk, and is stored", () => {
    const { member } = leader();
    const words = member.propose(1, "p", "q");

    expect(words).toEqual([
      '⇢ b e0 a0 proposal 0.3 1@3 "p" 2@3 "q" ordered 0',
      '⇢ c e0 a0 proposal 0.3 1@3 "p" 2@3 "q" ordered 0',
      'store accepted in 0.3 1@3 "p" 2@3 "q"',
    ]);
  });

  test("no more are open than the window holds; the rest waits in the queue", () => {
    const { member, own } = leader({ alpha: 2 });
    member.propose(1, "p", "q", "r");
    expect(member.state.leadership?.lastProposed).toBe(2);

    member.receive("b", { kind: "accept", view: own, first: 1, last: 2 });
    member.flush();
    expect(member.state).toMatchObject({ history: { aru: 2 }, leadership: { lastProposed: 3 } });
  });

  test("a member whose window is full is left to reconciliation", () => {
    const { member } = leader({ inflightBytesMax: 300 });
    member.propose(1, "p");
    const words = member.propose(2, "q");

    expect(only(words, "⇢")).toEqual([]);
  });
});

describe("G3: on Proposal", () => {
  test("what is accepted is stored before it is acknowledged", () => {
    const member = new PaxosMember();
    const words = member.receive("b", { ...proposal, first: 1, updates: [x, y] });

    expect(only(words, "store", "→")).toEqual(['store accepted in 0.1 1@1 "x" 2@1 "y"', "→ b e0 a0 accept 0.1 1…2"]);
  });

  test("gaps and any order of arrival are welcome, and one answer serves a whole batch", () => {
    const member = new PaxosMember();
    member.receive("b", { ...proposal, first: 3, updates: [y] });
    const words = member.receive("b", { ...proposal, first: 1, updates: [x] }, { ...proposal, first: 2, updates: [x] });

    expect(only(words, "→")).toEqual(["→ b e0 a0 accept 0.1 1…2"]);
  });

  test("a repeat is acknowledged and not stored again", () => {
    const member = new PaxosMember();
    member.receive("b", { ...proposal, first: 1, updates: [x] });
    const words = member.receive("b", { ...proposal, first: 1, updates: [x, y] });

    expect(only(words, "store accepted")).toEqual(['store accepted in 0.1 2@1 "y"']);
    expect(only(words, "→")).toEqual(["→ b e0 a0 accept 0.1 1…2"]);
  });

  test("what is further ahead than twice the window is not kept", () => {
    const member = new PaxosMember({ options: { alpha: 1 } });
    const words = member.receive("b", { ...proposal, first: 1, updates: [x, y, update("z", 3)] });

    expect(only(words, "→")).toEqual(["→ b e0 a0 accept 0.1 1…2"]);
  });

  test("what is ordered here is acknowledged, once the view is promised, and stays as it is", () => {
    const member = new PaxosMember({ records: [{ kind: "learned", first: 1, updates: [x] }] });
    const words = member.receive("b", { ...proposal, first: 1, updates: [x] });

    expect(only(words, "store", "→")).toEqual(["store view 0.1", "→ b e0 a1 accept 0.1 1…1"]);
  });

  test("a promise given in the same batch leaves no accept of the lower view", () => {
    const member = new PaxosMember();
    const words = member.receive("b", { ...proposal, first: 1, updates: [x] }, { kind: "transfer", view: view(1) });
    expect(only(words, "→ b e0 a0 accept")).toEqual([]);
    expect(member.state.role).toBe("preparing");
  });
});

describe("G4: on Accept", () => {
  test("a quorum orders an update; the leader's own accept counts once it is durable", () => {
    const { member, own } = leader();
    member.propose(1, "p");
    member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    expect(member.state.history.aru).toBe(0);

    expect(only(member.flush(), "committed", "settled")).toEqual(['committed 1@3 "p"', "settled #1 applied"]);
  });

  test("two others are a quorum without the leader's disk, but it delivers only what is durable here", () => {
    const { member, own } = leader();
    member.propose(1, "p");
    for (const from of ["b", "c"]) member.receive(from, { kind: "accept", view: own, first: 1, last: 1 });
    expect(member.state).toMatchObject({ history: { aru: 1 }, delivery: { delivered: 0 } });

    expect(only(member.flush(), "committed")).toEqual(['committed 1@3 "p"']);
  });

  test("each voter counts once, in this view alone, and only for what was proposed", () => {
    const member = new PaxosMember({ members: "abcde" });
    const own = member.lead();
    member.propose(1, "p");
    for (const from of ["b", "b"]) member.receive(from, { kind: "accept", view: own, first: 1, last: 9 });
    member.receive("c", { kind: "accept", view: view(1), first: 1, last: 1 });
    member.flush();

    expect(member.state.history.aru).toBe(0);
  });

  test("of a place that is ordered, the others wait for the one before", () => {
    const { member, own } = leader();
    member.propose(1, "p", "q");
    for (const from of ["b", "c"]) member.receive(from, { kind: "accept", view: own, first: 2, last: 2 });
    expect(member.state.history.aru).toBe(0);

    member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    expect(member.flush().filter((word) => word.startsWith("committed"))).toEqual(['committed 1@3 "p" 2@3 "q"']);
  });
});

describe("G5, G6: followers learn what is ordered", () => {
  test("by the leader's word, for what they accepted in its view", () => {
    const member = new PaxosMember();
    member.receive("b", { ...proposal, first: 1, updates: [x, y] });
    member.flush();
    const words = member.receive("b", { kind: "heartbeat", view: view(1), ordered: 1, stable: 0, round: 0 });

    expect(only(words, "committed")).toEqual(['committed 1@1 "x"']);
  });

  test("not for what they accepted in an older view: another may have been ordered there", () => {
    const member = new PaxosMember();
    member.receive("b", { ...proposal, first: 1, updates: [x] });
    const words = member.receive("c", { kind: "heartbeat", view: view(2), ordered: 1, stable: 0, round: 0 });

    expect(only(words, "committed")).toEqual([]);
    expect(only(member.tick(5), "⇢ c e0 a0 reconcile")).toEqual([]); // c only said so: it has not shown that it has it
    member.receive("c", { kind: "heartbeat", view: view(2), ordered: 1, stable: 0, round: 0, aru: 1 });
    expect(only(member.tick(5), "⇢ c e0 a0 reconcile").length).toBeGreaterThan(0);
  });

  test("never past a gap", () => {
    const member = new PaxosMember();
    member.receive("b", { ...proposal, first: 2, updates: [y] });
    member.receive("b", { kind: "heartbeat", view: view(1), ordered: 2, stable: 0, round: 0 });

    expect(member.state.history.aru).toBe(0);
  });

  test("what is accepted and not durable is not delivered, though it is ordered", () => {
    const member = new PaxosMember();
    member.receive("b", { ...proposal, first: 1, updates: [x] });
    const words = member.receive("b", { kind: "heartbeat", view: view(1), ordered: 1, stable: 0, round: 0 });
    expect(only(words, "committed")).toEqual([]);

    expect(only(member.flush(), "committed")).toEqual(['committed 1@1 "x"']);
  });
});

describe("G8 and what a leader tells", () => {
  test("open proposals are sent again to who has not accepted them", () => {
    const { member, own } = leader();
    member.propose(1, "p");
    member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    const words = member.tick(6);

    expect(words.filter((word) => word.includes("proposal")).map((word) => word.slice(0, 3))).toEqual(["⇢ c"]);
  });

  test("who sent an update is told at once that it is ordered, the others with the next tick", () => {
    const { member, own } = leader();
    member.receive("b", { kind: "clientUpdate", updates: [x], hops: 1 });
    member.flush();
    const words = member.receive("c", { kind: "accept", view: own, first: 1, last: 1 });
    expect(only(words, "⇢")).toEqual(["⇢ b e0 a1 heartbeat 0.3 ordered 1 round 0"]);

    expect(only(member.tick(), "⇢ c e0 a1 heartbeat")).toHaveLength(1);
  });

  test("a heartbeat with a round is answered in its view", () => {
    const member = new PaxosMember();
    const words = member.receive("b", { kind: "heartbeat", view: view(1), ordered: 0, stable: 0, round: 4 });

    expect(only(words, "⇢ b")).toEqual(["⇢ b e0 a0 heartbeatOk 0.1 round 4"]);
  });
});

describe("G7: accepts to all", () => {
  const options = { acceptsTo: "all" } as const;
  const accept = { kind: "accept", view: view(1), first: 1, last: 2 } as const;

  /** A follower of b among `members` that has accepted x and y, durably. */
  function follower(members = "abc"): PaxosMember {
    const member = new PaxosMember({ members, options });
    member.receive("b", { ...proposal, first: 1, updates: [x, y] });
    member.flush();
    return member;
  }

  test("a voter tells all, once it is stored; the leader, too", () => {
    const member = new PaxosMember({ options });
    const words = member.receive("b", { ...proposal, first: 1, updates: [x, y] });
    expect(only(words, "→", "⇢")).toEqual(["→ b e0 a0 accept 0.1 1…2", "→ c e0 a0 accept 0.1 1…2"]);

    const { member: first } = leader(options);
    expect(first.propose(1, "p", "q").filter((word) => word.includes("accept 0"))).toEqual([]);
    expect(only(first.flush(), "⇢")).toEqual(["⇢ b e0 a0 accept 0.3 1…2", "⇢ c e0 a0 accept 0.3 1…2"]);
  });

  test("a follower orders what a quorum accepted, its leader among them, without its word", () => {
    const member = follower();
    member.receive("c", accept);
    expect(member.state.history.aru).toBe(0); // the leader did not say that it reads accordingly

    expect(member.receive("b", { ...accept, last: 1 })).toContain('committed 1@1 "x"');
    expect(member.receive("b", accept)).toContain('committed 2@1 "y"');
  });

  test("its own accept counts when it is durable", () => {
    const member = new PaxosMember({ options });
    member.receive("b", { ...proposal, first: 1, updates: [x, y] });
    member.receive("b", accept);
    expect(member.state.history.aru).toBe(0);
    member.flush();

    expect(member.state.history.aru).toBe(2);
  });

  test("each voter counts once, and of five it takes three", () => {
    const member = follower("abcde");
    for (const from of ["b", "b", "b"]) member.receive(from, { ...accept, last: Number.MAX_SAFE_INTEGER });
    expect(member.state.history.aru).toBe(0);
    member.receive("e", accept);

    expect(member.state.history.aru).toBe(2);
  });

  test("accepts of another view, or of who does not vote, do not count", () => {
    const member = follower("abcde");
    member.receive("b", accept);
    member.receive("c", { ...accept, view: view(6) });
    member.receive("z", accept);
    member.receive("c", { kind: "heartbeat", view: view(2), ordered: 0, stable: 0, round: 0 });
    member.receive("d", accept); // of the view before
    member.receive("e", { ...accept, view: view(2) }); // here the place has the view before's

    expect(member.state.history.aru).toBe(0);
  });

  test("a place of an older view is a gap, whatever is accepted in it now", () => {
    const member = follower();
    member.receive("c", { kind: "proposal", view: view(2), first: 2, updates: [x], ordered: 0, stable: 0 });
    member.flush();
    member.receive("c", { ...accept, view: view(2) });

    expect(member.state.history).toMatchObject({ aru: 0 });
  });

  test("followers are not told one by one what is ordered: they count", () => {
    const { member, own } = leader(options);
    member.tick(2 - (member.state.clock % 2)); // the next one carries no heartbeat
    member.receive("b", { kind: "clientUpdate", updates: [x], hops: 1 });
    member.flush();
    const words = [...member.receive("c", { kind: "accept", view: own, first: 1, last: 1 }), ...member.tick()];

    expect(words.filter((word) => word.includes("heartbeat") && word.includes("round 0"))).toEqual([]);
  });

  test("a learner tells the leader alone", () => {
    const payload = encodeChange({ alpha: 1, members: paxosMembers("bc"), learners: paxosMembers("a") });
    const change: Update = { term: 1, kind: "members", payload, client: 0, timestamp: 0 };
    const member = new PaxosMember({ options: { ...options, alpha: 1 } });
    member.receive("b", { kind: "reconcileData", first: 1, updates: [change] });
    const own = viewOf(1, 0);
    const words = member.receive("b", { ...proposal, view: own, first: 2, updates: [x] });

    expect(only(words, "→")).toEqual(["→ b e1 a1 accept 1.0 2…2"]);
  });

  test("with accepts to the leader a voter tells the leader alone", () => {
    const member = new PaxosMember();
    const words = member.receive("b", { ...proposal, first: 1, updates: [x, y] });

    expect(only(words, "→", "⇢")).toEqual(["→ b e0 a0 accept 0.1 1…2"]);
  });
});
