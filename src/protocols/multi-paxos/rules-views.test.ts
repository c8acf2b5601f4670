import { describe, expect, test } from "vitest";
import { noop, only, PaxosMember, report, update } from "../../../test/support/paxos-member.ts";
import { attemptOf, leaderOf, nextViewOf, viewOf } from "./membership/configurations.ts";

const heartbeat = { kind: "heartbeat", ordered: 0, stable: 0, round: 0 } as const;
const proof = { kind: "viewProof", heard: ["a"], leaderAlive: false } as const;
const view = (attempt: number) => viewOf(0, attempt);

/** A member that follows b in view 0.1. */
function follower(): PaxosMember {
  const member = new PaxosMember();
  member.connect();
  member.follow("b", view(1));
  return member;
}

describe("views", () => {
  test("a view is led by the member that its attempt falls on", () => {
    const configuration = new PaxosMember().state.facts.configurations[0];
    if (configuration === undefined) throw new Error("the founders are known");

    expect([0, 1, 2, 3].map((attempt) => leaderOf(configuration, view(attempt)))).toEqual(["a", "b", "c", "a"]);
    expect([0, 3, 4].map((after) => attemptOf(nextViewOf(configuration, view(after), "a")))).toEqual([3, 6, 6]);
  });
});

describe("V1, V2: the Progress_Timer", () => {
  test("a member begins in election, and attempts only a view of its own", () => {
    const member = new PaxosMember();
    const attempted = member.attempt();

    expect(member.state.role).toBe("election");
    expect(attempted).toBe(view(3));
  });

  test("a follower that hears nothing of its leader for as long as the timer runs is in election", () => {
    const member = follower();
    const words = member.tick(30);

    expect(member.state.role).toBe("election");
    expect(words).toContain("leader none in t1");
  });

  test("a follower that hears its leader stays", () => {
    const member = follower();
    for (let count = 0; count < 30; count++) {
      member.tick();
      member.follow("b", view(1));
    }

    expect(member.state).toMatchObject({ role: "follower", leader: "b", lastAttempted: view(1) });
  });
});

describe("V3, V4: View_Change", () => {
  test("a quorum of View_Changes makes its leader prepare", () => {
    const member = new PaxosMember();
    const attempted = member.attempt();
    const words = member.receive("b", { kind: "viewChange", attempted, heard: ["a"] });

    expect(member.state.role).toBe("preparing");
    expect(words[0]).toBe("store view 0.3");
    expect(only(words, "→")).toEqual(["→ b e0 a0 prepare 0.3", "→ c e0 a0 prepare 0.3"]);
  });

  test("a View_Change counts once, and from voters alone", () => {
    const member = new PaxosMember({ members: "abcde" });
    const attempted = member.attempt();
    for (const from of ["b", "b", "x"]) member.receive(from, { kind: "viewChange", attempted, heard: [] });

    expect(member.state.role).toBe("election");
  });

  test("others that want a view, too, give its leader time, and more each time it fails", () => {
    const member = new PaxosMember();
    member.connect();
    const words = member.receive("b", { kind: "viewChange", attempted: view(1), heard: ["a"] });

    expect(only(words, "⇢ b", "⇢ c")).toHaveLength(2);
    expect(member.state).toMatchObject({ role: "election", lastAttempted: view(1), patience: 2 });
    expect(member.state.progressAt).toBeDefined();
  });

  test("a view is not joined whose leader is not heard: members would remind each other of it for ever", () => {
    const member = new PaxosMember();
    member.receive("c", { ...proof, installed: 0 });
    member.receive("c", { kind: "viewChange", attempted: view(4), heard: ["a"] }); // of b

    expect(member.state.lastAttempted).toBe(0);
  });
});

describe("A5: whose View_Change is ignored", () => {
  test("a follower whose timer runs ignores it, and binds itself to nothing", () => {
    const member = follower();
    member.receive("c", { kind: "viewChange", attempted: view(2), heard: ["a"] });

    expect(member.state).toMatchObject({ role: "follower", lastAttempted: view(1), lastInstalled: view(1) });
  });

  test("a leader ignores it", () => {
    const member = new PaxosMember();
    member.lead();
    member.receive("c", { kind: "viewChange", attempted: view(5), heard: ["a"] });

    expect(member.state.role).toBe("leader");
  });

  test("one for an old view is answered with a VC_Proof", () => {
    const member = follower();
    member.tick(3);
    const words = member.receive("c", { kind: "viewChange", attempted: view(1), heard: ["a"] });

    expect(only(words, "⇢ c")).toEqual(["⇢ c e0 a0 viewProof 0.1 heard bc alive"]);
  });
});

describe("V6: VC_Proof", () => {
  test("brings a straggler up to the installed view, whatever it was doing", () => {
    const member = new PaxosMember();
    member.receive("b", { ...proof, installed: view(4) });

    expect(member.state).toMatchObject({ role: "follower", lastInstalled: view(4), lastAttempted: view(4) });
  });

  test("makes an old leader yield", () => {
    const member = new PaxosMember();
    member.lead();
    member.receive("b", { ...proof, installed: view(4) });

    expect(member.state).toMatchObject({ role: "follower", lastInstalled: view(4), leadership: undefined });
  });

  test("of an older view moves nothing back", () => {
    const member = follower();
    member.receive("c", { ...proof, installed: view(0), leaderAlive: true });

    expect(member.state).toMatchObject({ role: "follower", lastInstalled: view(1) });
  });

  test("of the same view ends a lonely attempt when the leader is known to live", () => {
    const member = follower();
    member.tick(30);
    expect(member.state.role).toBe("election");

    member.receive("c", { ...proof, installed: view(1), leaderAlive: true });
    expect(member.state).toMatchObject({ role: "follower", leader: "b" });
  });

  test("of a view that only this member can have begun stops it: its disk has lost a promise", () => {
    const member = new PaxosMember();

    expect(() => member.receive("b", { ...proof, installed: view(3) })).toThrow("this disk has lost a promise");
  });
});

describe("V7 to V10", () => {
  test("V7: a leader's own View_Change for a higher view is its resignation, and is followed at once", () => {
    const member = follower();
    member.receive("b", { kind: "viewChange", attempted: view(2), heard: ["a"] });

    expect(member.state).toMatchObject({ role: "election", lastAttempted: view(2) });
  });

  test("V8: a heartbeat of the installed view brings back who had begun to attempt another", () => {
    const member = follower();
    member.tick(30);
    member.receive("b", { ...heartbeat, view: view(1) });

    expect(member.state).toMatchObject({ role: "follower", leader: "b", lastAttempted: view(1) });
  });

  test("V9: a member attempts nothing unless it hears a quorum that hears it", () => {
    const member = new PaxosMember();
    for (let count = 0; count < 40; count++) {
      member.receive("b", { ...proof, installed: 0, heard: [] });
      member.receive("c", { ...proof, installed: 0, heard: ["b"] });
      member.tick();
    }

    expect(member.state.lastAttempted).toBe(0);
  });

  test("V10: word of the leader is passed on only by who heard it first-hand", () => {
    const member = new PaxosMember();
    member.receive("c", { ...proof, installed: view(1), leaderAlive: true });
    member.tick(3);
    const words = member.receive("c", { ...proof, heard: [], installed: view(1), leaderAlive: true });

    expect(only(words, "⇢ c")).toEqual(["⇢ c e0 a0 viewProof 0.1 heard c"]);
  });
});

describe("hints about links", () => {
  test("a broken link to the leader ends the wait for it; any that comes is greeted with a VC_Proof", () => {
    const member = follower();
    member.step({ kind: "link", peer: "c", up: false });
    expect(member.state.role).toBe("follower");

    member.step({ kind: "link", peer: "b", up: false });
    expect(member.state.role).toBe("election");
    expect(member.step({ kind: "link", peer: "c", up: true })).toEqual(["⇢ c e0 a0 viewProof 0.1 heard "]);
  });

  test("one about a link to itself is wrong, and means nothing", () => {
    const member = new PaxosMember({ members: "a" });

    expect(member.step({ kind: "link", peer: "a", up: true }, { kind: "link", peer: "a", up: false })).toEqual([]);
  });
});

describe("V11: a leader resigns", () => {
  test("when no quorum acknowledges it any more", () => {
    const member = new PaxosMember();
    member.lead();
    member.tick(10);

    expect(member.state).toMatchObject({ role: "election", leadership: undefined });
  });

  test("when what it proposed is not ordered for long, though it is acknowledged", () => {
    const member = new PaxosMember();
    const own = member.lead();
    member.propose(1, "x");
    for (let count = 0; count < 50; count++) {
      member.tick();
      if (member.state.role !== "leader") break;
      for (const from of ["b", "c"]) member.receive(from, { kind: "heartbeatOk", view: own, round: 1 });
    }

    expect(member.state.role).toBe("election");
  });

  test("when its owner says so: it names its heir, which is its resignation", () => {
    const member = new PaxosMember();
    member.lead();
    const words = member.request({ kind: "resign", reason: "stopping" });

    expect(only(words, "⇢ b")).toEqual(["⇢ b e0 a0 viewChange 0.4 heard bc"]);
    expect(member.attempt()).toBe(member.state.lastInstalled); // it attempts nothing any more
  });

  test("and never leads that view again", () => {
    const member = new PaxosMember();
    const own = member.lead();
    member.tick(10);

    expect(member.prepare()).toBeGreaterThan(own);
  });
});

describe("A3, A4, A6: who may speak for a view", () => {
  test("a proposal from another than its view's leader is ignored", () => {
    const member = follower();
    const proposal = {
      kind: "proposal",
      view: view(1),
      first: 1,
      updates: [update("x", 1)],
      ordered: 0,
      stable: 0,
    } as const;
    member.receive("c", proposal);

    expect(member.records).toEqual([]);
  });

  test("one of a lower view is refused with a VC_Proof, one of a higher view installs it", () => {
    const member = follower();
    const proposal = { kind: "proposal", first: 1, updates: [noop(1)], ordered: 0, stable: 0 } as const;
    member.receive("c", { ...proposal, view: view(2) });
    member.flush();
    member.tick(3);
    const words = member.receive("b", { ...proposal, view: view(1) });

    expect(member.state.lastInstalled).toBe(view(2));
    expect(only(words, "store")).toEqual([]);
    expect(only(words, "⇢ b")).toEqual(["⇢ b e0 a0 viewProof 0.2 heard bc alive"]);
  });

  test("a prepare of a lower view gets no answer but that", () => {
    const member = follower();
    member.receive("c", { kind: "prepare", view: view(2) });
    const words = member.receive("b", { kind: "prepare", view: view(1) });

    expect(only(words, "→")).toEqual([]);
  });

  test("answers to Prepare count from voters alone", () => {
    const member = new PaxosMember({ members: "abcde" });
    const own = member.prepare();
    for (const from of ["x", "y"]) member.answer(from, own, [report(1, 1, update("x", 1))]);

    expect(member.state.role).toBe("preparing");
  });
});

test.each(["b", "c"])(
  "a view of another epoch than its message says is no reason to stop: %s is not heeded",
  (from) => {
    const member = new PaxosMember();
    const other = viewOf(3, 1);

    member.receive(from, { kind: "viewChange", attempted: other, heard: [] });
    member.receive(from, { kind: "viewProof", installed: other, heard: [], leaderAlive: true });

    expect(member.state).toMatchObject({ lastAttempted: 0, lastInstalled: 0 });
  },
);
