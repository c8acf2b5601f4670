import { describe, expect, test } from "vitest";
import { data, frame, header, LoneMember, type MemberSetup, says } from "../../../test/support/total-order-member.ts";
import type { Ballot, Decree, Frame, SenderFrames, Vote } from "./index.ts";

/** What somebody of a view of three says when it stops. */
function promise(ballot: Ballot, received: readonly number[], rest: Partial<Promise> = {}) {
  return {
    kind: "promise",
    ballot,
    clock: 0,
    received,
    accepted: undefined,
    extra: [],
    restored: true,
    leaving: false,
    ...rest,
  } as const;
}

interface Promise {
  readonly clock: number;
  readonly accepted: Vote<Decree> | undefined;
  readonly extra: readonly SenderFrames[];
  readonly restored: boolean;
  readonly leaving: boolean;
}

const mine: Ballot = { round: 1, node: "a" };

function viewMember(node: string, restored = true, incarnation = 1) {
  return { node, incarnation, restored };
}

function decree(rest: Partial<Decree> = {}): Decree {
  const members = [viewMember("a"), viewMember("b")];
  return { group: "a#1", base: 1, members, cut: [0, 0, 0], tail: [], clock: 0, position: 0, ...rest };
}

function tail(sender: number, ...frames: Frame[]): SenderFrames {
  return { sender, frames };
}

/** The first of its view, which has asked the others to stop because c is silent. */
function proposer(setup: MemberSetup = {}, before?: (member: LoneMember) => void): LoneMember {
  const member = new LoneMember({ node: "a", ...setup });
  before?.(member);
  const words = member.tickHearing(29, ...member.nodes.filter((node) => !["a", "c"].includes(node)));
  expect(words.join()).toContain("prepare 1a");
  return member;
}

const proposals = (member: LoneMember) =>
  member.sent.flatMap(({ message }) => (message.kind === "accept" ? [message.decree] : []));
const isWedged = (member: LoneMember) => member.state.synod.acceptor.promised !== undefined;

describe("V1 suspect, V2 reasons", () => {
  test("a member that is silent for suspectTicks is a reason to change the view, gatherTicks later", () => {
    const member = new LoneMember({ node: "a" });

    expect(member.tickHearing(27, "b").join()).not.toContain("prepare");
    expect(member.tickHearing(2, "b")).toContain("→ b c prepare 1a has [0,0,0]");
  });

  test("a node that applies with a larger incarnation has started anew: its old run is to go", () => {
    const member = new LoneMember({ node: "a" });
    member.hear(
      "c",
      { kind: "join", applicant: { node: "c", incarnation: 2 } },
      { group: "", view: 0, incarnation: 2 },
    );

    expect(member.tickHearing(5, "b", "c").join()).toContain("prepare 1a");
  });

  test("a member that hears no majority says so, and stops nobody", () => {
    const member = new LoneMember({ node: "a" });
    const words = member.tick(80);

    expect(words).toContain("blocked without b1 c1");
    expect(words.join()).not.toContain("prepare");
  });

  test("as soon as it hears one again it says that, too", () => {
    const member = new LoneMember({ node: "a" });
    member.tick(80);

    expect(member.tickHearing(2, "b", "c")).toContain("unblocked");
  });

  test("an applicant is a reason only if there is room for it", () => {
    const full = new LoneMember({ node: "a", members: ["a", "b*"] });
    full.hear("d", { kind: "join", applicant: { node: "d", incarnation: 1 } }, { group: "", view: 0 });

    expect(full.tickHearing(20, "b").join()).not.toContain("prepare");
  });
});

describe("V3 who proposes", () => {
  test("each member waits longer than the one before it", () => {
    const member = new LoneMember({ node: "b" });

    expect(member.tickHearing(25 + 3 + 14, "a").join()).not.toContain("prepare");
    expect(member.tickHearing(2, "a").join()).toContain("prepare 1b");
  });

  test("who is suspected does not count, so that the next one steps in", () => {
    const member = new LoneMember({ node: "b" });

    expect(member.tickHearing(29, "c").join()).toContain("prepare 1b");
  });

  test("each newer ballot that is seen restarts the wait", () => {
    const member = new LoneMember({ node: "b" });
    member.tickHearing(40, "a");
    member.hear("a", { kind: "prepare", ballot: mine, received: [0, 0, 0] });

    expect(member.tickHearing(17, "a").join()).not.toContain("prepare");
    expect(member.tickHearing(2, "a").join()).toContain("prepare 2b");
  });

  test("an attempt that comes to nothing is given up, and another made after a time that chance decides", () => {
    const member = proposer();
    const words = member.tickHearing(90, "b");

    expect(words.join()).toContain("prepare 2a");
    expect(member.state.synod.acceptor.promised?.round).toBeGreaterThanOrEqual(2);
  });
});

describe("V4 prepare", () => {
  test("it goes to all members, and again every four ticks to those who have not answered", () => {
    const member = proposer();
    member.hear("b", promise({ round: 1, node: "b" }, [0, 0, 0])); // of another ballot: no answer
    const words = member.tickHearing(4, "b");

    expect(words).toContain("→ b c prepare 1a has [0,0,0]");
  });
});

describe("V5 promise", () => {
  const ask = (ballot: Ballot, received = [0, 0, 0]) => ({ kind: "prepare", ballot, received }) as const;

  test("who promises hands on clock, vector, and all frames that the asker lacks", () => {
    const member = new LoneMember({ node: "b" });
    member.hear("c", data([0, 0, 2], frame(1, 3, "x"), 9));
    member.hear("c", data([0, 0, 2], frame(2, 5, "y"), 9));

    expect(member.hear("a", ask(mine, [0, 0, 1]))).toEqual(["→ a promise 1a has [0,0,2], 1 more"]);
    expect(member.sent.at(-1)?.message).toMatchObject({ clock: 9, extra: [{ sender: 2, frames: [{ number: 2 }] }] });
  });

  test("from then on it sends no frame, takes none in, nor any header, and delivers nothing", () => {
    const member = new LoneMember({ node: "b", options: { delivery: "agreed" } });
    member.hear("a", data([1, 0, 0], frame(1, 3, "x")));
    member.hear("a", ask(mine));
    const { clock } = member.state;
    const words = [
      ...member.multicast("mine"),
      ...member.hear("c", data([1, 0, 1], frame(1, 4, "y"), 9)),
      ...member.hear("a", says(9, 1, [1, 0, 0])),
    ];

    expect(words).toEqual([]);
    expect(member.delivered).toEqual([]);
    expect(member.state.clock).toBe(clock);
    expect(member.state.peers.map(({ received }) => received)).toEqual([1, 0, 0]);
  });

  test("it is never undone within the view, even if the attempt comes to nothing", () => {
    const member = proposer();
    member.tickHearing(31, "b", "c");

    expect(member.state.synod.attempt).toBeUndefined();
    expect(isWedged(member)).toBe(true);
  });

  test("a lower ballot is refused, with the one that was promised; the same one is answered again", () => {
    const member = new LoneMember({ node: "b" });
    member.hear("c", ask({ round: 2, node: "c" }));

    expect(member.hear("a", ask({ round: 2, node: "a" }))).toEqual(["→ a refuse 2c"]);
    expect(member.hear("c", ask({ round: 2, node: "c" })).join()).toContain("promise 2c");
  });

  test("a higher ballot ends an attempt of our own", () => {
    const member = proposer();
    member.hear("c", ask({ round: 2, node: "c" }));

    expect(member.state.synod.attempt).toBeUndefined();
  });
});

describe("V6 draft", () => {
  test("a majority is not enough as long as another that is heard may answer; after promiseTicks it is", () => {
    const member = new LoneMember({ node: "a" });
    member.hear("d", { kind: "join", applicant: { node: "d", incarnation: 1 } }, { group: "", view: 0 });
    member.tickHearing(4, "b", "c");
    member.hear("b", promise(mine, [0, 0, 0]));
    expect(proposals(member)).toEqual([]);

    member.tickHearing(8, "b", "c");

    expect(proposals(member)[0]?.members.map(({ node }) => node)).toEqual(["a", "b", "d"]); // never who did not promise
  });

  test("the cut is the highest that any of them received, and the tail is what not all of them hold", () => {
    const x = frame(1, 3, "x");
    const member = proposer({}, (each) => each.hear("b", data([0, 1, 0], x)));
    const extra = [tail(2, frame(1, 8, "of c"))];
    member.hear("b", promise(mine, [0, 1, 1], { clock: 6, extra }));

    expect(proposals(member)[0]).toEqual(
      decree({ cut: [0, 1, 1], tail: extra, clock: 8, position: 2, members: [viewMember("a"), viewMember("b")] }),
    );
  });

  test("a vote of the highest ballot binds: its decree is taken as it is", () => {
    const [old, newer] = [decree({ position: 0, clock: 70 }), decree({ position: 0, clock: 71 })];
    const member = proposer({ members: ["a", "b", "c", "d", "e"] });
    const vote = (round: number, value: Decree) => ({ accepted: { ballot: { round, node: "A" }, value } });
    const received = [0, 0, 0, 0, 0];
    member.hear("b", promise(mine, received, vote(1, newer)));
    member.hear("d", promise(mine, received, vote(0, old)));
    member.tickHearing(9, "b", "d");

    expect(proposals(member)[0]).toBe(newer);
  });

  test("who wants to leave is left out", () => {
    const member = new LoneMember({ node: "a" });
    member.hear("c", { kind: "null", header: header(0, 0, [0, 0, 0], { leaving: true }), missing: false });
    member.tickHearing(4, "b", "c");
    member.hear("b", promise(mine, [0, 0, 0]));
    member.hear("c", promise(mine, [0, 0, 0], { leaving: true }));

    expect(proposals(member)[0]?.members.map(({ node }) => node)).toEqual(["a", "b"]);
  });

  test("no more newcomers come in than members have the state, less one; one may in any case", () => {
    const apply = (member: LoneMember, ...nodes: string[]) => {
      for (const node of nodes) {
        member.hear(
          node,
          { kind: "join", applicant: { node, incarnation: 7 } },
          { group: "", view: 0, incarnation: 7 },
        );
      }
    };
    const member = new LoneMember({ node: "a" });
    apply(member, "x", "y", "z");
    member.tickHearing(4, "b", "c");
    member.hear("b", promise(mine, [0, 0, 0]));
    member.hear("c", promise(mine, [0, 0, 0]));
    expect(proposals(member)[0]?.members.slice(3)).toEqual([viewMember("x", false, 7), viewMember("y", false, 7)]);

    const alone = new LoneMember({ node: "a", members: ["a"] });
    apply(alone, "x", "y");
    alone.tick(5);

    expect(alone.state.view.members.map(({ node }) => node)).toEqual(["a", "x"]);
  });

  test("if nobody who stopped has the state, it is lost: this is said once, and nothing is decided", () => {
    const member = proposer({ members: ["a*", "b*", "c"] });
    member.hear("b", promise(mine, [0, 0, 0], { restored: false }));
    member.tickHearing(60, "b");
    const { promised = mine } = member.state.synod.acceptor;
    member.hear("b", promise(promised, [0, 0, 0], { restored: false }));

    expect(member.outputs.filter(({ kind }) => kind === "stateLost")).toHaveLength(1);
    expect(proposals(member)).toEqual([]);
  });
});

describe("V7 accept, V8 chosen", () => {
  test("a vote stops its giver as a promise does", () => {
    const member = new LoneMember({ node: "b" });

    expect(member.hear("a", { kind: "accept", ballot: mine, decree: decree() })).toEqual(["→ a accepted 1a"]);
    expect(isWedged(member)).toBe(true);
  });

  test("a decree about another view gets no vote", () => {
    const member = new LoneMember({ node: "b" });
    member.hear("a", { kind: "accept", ballot: mine, decree: decree({ base: 2 }) });

    expect(member.state.synod.acceptor).toEqual({ promised: undefined, accepted: undefined });
  });

  test("nor does one of a lower ballot than was promised", () => {
    const member = new LoneMember({ node: "b" });
    member.hear("c", { kind: "prepare", ballot: { round: 3, node: "c" }, received: [0, 0, 0] });

    expect(member.hear("a", { kind: "accept", ballot: mine, decree: decree() })).toEqual(["→ a refuse 3c"]);
  });

  test("with a majority of votes the decree is told to all of both views, and installed", () => {
    const member = proposer();
    member.hear("d", { kind: "join", applicant: { node: "d", incarnation: 1 } }, { group: "", view: 0 });
    member.hear("b", promise(mine, [0, 0, 0]));
    const words = member.hear("b", { kind: "accepted", ballot: mine });

    expect(words[0]).toMatch(/^→ b c d install a#1 2: a1 b1 d1\*/);
    expect(words).toContain("enters a#1/2: a1 b1 d1* at 0");
  });

  test("a member alone decides within the step, and asks nobody in the name of the view that comes", () => {
    const member = new LoneMember({ members: ["b"] });
    member.hear("d", { kind: "join", applicant: { node: "d", incarnation: 1 } }, { group: "", view: 0 });
    member.tick(5);

    expect(member.state.view.number).toBe(2);
    expect(member.sent.filter(({ message }) => message.kind === "accept")).toEqual([]);
  });
});

describe("V9 install", () => {
  test("a survivor delivers all up to the cut, by timestamp and node, whomever it heard", () => {
    const member = new LoneMember({ node: "b" });
    member.hear("c", data([0, 0, 1], frame(1, 4, "of c")));
    const words = member.install({
      members: [viewMember("a"), viewMember("b")],
      cut: [2, 0, 1],
      tail: [tail(0, frame(1, 4, "of a"), frame(2, 6, "last"))],
      clock: 6,
      position: 3,
    });

    expect(member.delivered).toEqual(["of a", "of c", "last"]);
    expect(words.at(-1)).toBe("enters a#1/2: a1 b1 at 3");
    expect(words).toContain("→ a null clock 6, sent 0, has [0,0]");
  });

  test("a frame that came before its time and lies beyond the cut is not delivered", () => {
    const member = new LoneMember({ node: "b" });
    member.hear("c", data([0, 0, 2], frame(2, 8, "beyond")));
    member.install({
      members: [viewMember("a"), viewMember("b")],
      cut: [0, 0, 1],
      tail: [tail(2, frame(1, 4, "within"))],
      clock: 6,
      position: 1,
    });

    expect(member.delivered).toEqual(["within"]);
  });

  test("numbers begin anew, clocks do not; what was asked for goes on in the new view", () => {
    const member = new LoneMember({ node: "b" });
    member.hear("a", { kind: "prepare", ballot: mine, received: [0, 0, 0] });
    member.multicast("x");
    const words = member.install({ members: [viewMember("a"), viewMember("b")], clock: 30 });

    expect(words).toContain("→ a data #1 @31 x, clock 31, sent 1, has [0,1]");
    expect(member.state.peers.map(({ heard }) => heard)[0]).toBe(30);
  });

  test("who is not in it passes it on, and has ended: what it multicast is unknown or was not multicast", () => {
    const member = new LoneMember({ node: "b" });
    member.multicast("sent");
    member.hear("a", { kind: "prepare", ballot: mine, received: [0, 0, 0] });
    member.multicast("kept");
    const words = member.install({ members: [viewMember("a"), viewMember("c")] });

    expect(words[0]).toMatch(/^→ a c install a#1 2/);
    expect(words.slice(1)).toEqual(["unknown #1", "refused #2: ended", "excluded from a#1/2"]);
    expect(member.tick(60)).toEqual([]);
    expect(member.multicast("later")).toEqual(["refused #3: ended"]);
  });

  test("a decree of another group, or about another view, is not for us", () => {
    const member = new LoneMember({ node: "b" });

    expect(member.install({ base: 2, members: [viewMember("b")] })).toEqual([]);
    expect(member.install({ group: "z#9", members: [viewMember("b")] })).toEqual(["hears a of z#9"]);
    expect(member.state.view.number).toBe(1);
  });
});
