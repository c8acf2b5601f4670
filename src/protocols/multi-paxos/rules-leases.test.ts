import { describe, expect, test } from "vitest";
import {
  only,
  PaxosMember,
  type PaxosSetup,
  paxosMembers,
  report,
  update,
} from "../../../test/support/paxos-member.ts";
import type { NodeId } from "../../base/ids.ts";
import { encodeChange } from "./codec/change-codec.ts";
import { viewOf } from "./membership/configurations.ts";
import type { Update } from "./messages.ts";

const view = (attempt: number) => viewOf(0, attempt);

/** Its owner's ticks; with 10 a Progress_Timer, a promise is worth 8 of them, less the drift that is allowed for. */
const tickMs = 20;

/** A round trip takes so many ms. */
const tripMs = 2;

/** How long a tick of each voter lasts, in ms of the leader; who is not named does not answer. */
type Pace = Readonly<Record<NodeId, number>>;

/** A member with leases on, long after its start. */
function aged(setup: PaxosSetup = {}): PaxosMember {
  const member = new PaxosMember({ ...setup, options: { leases: true, ...setup.options } });
  member.tick(10);
  return member;
}

/** Lets time pass: the leader ticks, and its heartbeats are answered. */
function pass(member: PaxosMember, ms: number, pace: Pace): void {
  for (const end = member.now + ms; member.now < end; ) {
    member.now += tickMs - tripMs;
    const first = member.sent.length;
    member.tick();
    member.flush();
    member.now += tripMs;
    for (const { to, message } of member.sent.slice(first)) {
      const paceMs = pace[to];
      if (message.kind !== "heartbeat" || message.round === 0 || paceMs === undefined) continue;
      grant(member, to, message.round, 1000 + Math.floor((member.now - tripMs / 2) / paceMs));
    }
  }
}

function grant(member: PaxosMember, from: NodeId, round: number, clock: number): void {
  member.receive(from, { kind: "grant", view: member.state.lastInstalled, round, clock });
}

/** Whether a read is answered at once. */
function reads(member: PaxosMember, id = 1): boolean {
  return member.request({ kind: "barrier", id, mode: "lease" }).some((word) => word.startsWith(`readable #${id} `));
}

/** A leader that has ordered something; its clocks are not yet measured. */
function leader(setup: PaxosSetup = {}): PaxosMember {
  const member = aged(setup);
  const own = member.lead();
  member.propose(1, "p");
  member.flush();
  member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
  return member;
}

/** A leader that has measured the clocks of both others. */
function lessee(setup: PaxosSetup = {}): PaxosMember {
  const member = leader(setup);
  pass(member, 3000, { b: tickMs, c: tickMs });
  return member;
}

describe("B5: the leader", () => {
  test("answers reads by lease at once, from its aru, and others by a round", () => {
    const member = lessee();

    expect(member.request({ kind: "barrier", id: 2, mode: "lease" })).toEqual(["readable #2 from 1"]);
    expect(member.receive("b", { kind: "leaseRead", life: 5, ask: 3 })).toEqual(["⇢ b e0 a1 readOk 3 from 1"]);
    expect(only(member.request({ kind: "barrier", id: 4, mode: "quorum" }), "readable")).toEqual([]);
    expect(only(member.receive("b", { kind: "read", life: 5, ask: 5 }), "⇢ b e0 a1 readOk")).toEqual([]);
  });

  test("has none before it has measured the clocks of a quorum", () => {
    const member = leader();
    pass(member, 600, { b: tickMs, c: tickMs });
    const early = reads(member, 1);
    pass(member, 2400, { b: tickMs });

    expect([early, reads(member, 2)]).toEqual([false, true]); // with its own, b's is a quorum
  });

  test("has none while an earlier leader may have ordered more: below the plan's top (B3)", () => {
    const member = aged();
    const own = member.lead([report(8, view(1), update("x", 1))]);
    const early: boolean[] = [];
    for (let seq = 1; seq < 8; seq++) {
      for (const from of "bc") member.receive(from, { kind: "accept", view: own, first: seq, last: seq });
      pass(member, 240, { b: tickMs });
      early.push(reads(member, seq));
    }
    member.receive("b", { kind: "accept", view: own, first: 8, last: 8 });

    expect([...early, reads(member, 8)]).toEqual([...Array(7).fill(false), true]);
  });

  test("with accepts to all has none while anything proposed is not ordered: others may have ordered it (B3)", () => {
    const member = lessee({ options: { acceptsTo: "all" } });
    const own = member.state.lastInstalled;
    const before = reads(member, 1);
    member.propose(2, "q");
    member.flush();
    const during = reads(member, 2);
    member.receive("b", { kind: "accept", view: own, first: 2, last: 2 });

    expect([before, during, reads(member, 3)]).toEqual([true, false, true]);
  });

  test("counts a promise from when it was asked for: an answer that comes late is worth little", () => {
    const member = lessee();
    const { round = 0 } = member.state.leadership?.sendings.at(-1) ?? {};
    member.now += 8 * tickMs;
    grant(member, "b", round, 1000 + Math.floor(member.now / tickMs));

    expect(reads(member)).toBe(false);
  });

  test("finds it over when it wakes from a pause, for its host's clock went on", () => {
    const member = lessee();
    const before = reads(member, 1);
    member.now += 10 * tickMs;

    expect([before, reads(member, 2)]).toEqual([true, false]);
  });

  test.each([5, 10, 17, tickMs, 31, 40])("holds it for less than a promise lasts, in ticks of %i ms", (paceMs) => {
    const member = leader();
    pass(member, 3000, { b: paceMs, c: paceMs });
    const last = member.state.leadership?.sendings.at(-1)?.at ?? 0;
    while (reads(member, member.now)) member.now++;

    expect(member.now - last).toBeGreaterThan(3 * paceMs);
    expect(member.now - last).toBeLessThan(8 * paceMs);
  });

  test("does not count learners, nor voters that promise nothing", () => {
    const member = leader();
    for (let count = 0; count < 150; count++) {
      member.now += tickMs;
      member.tick();
      member.flush();
      for (const from of "bc") {
        const { round = 0 } = member.state.leadership ?? {};
        member.receive(from, { kind: "heartbeatOk", view: member.state.lastInstalled, round });
      }
    }

    expect(reads(member)).toBe(false);
  });

  test("has none any more from before an heir is told, even if it leads on", () => {
    const member = lessee();
    const words = member.step(
      { kind: "request", request: { kind: "transfer", id: 8, to: "b" } },
      { kind: "request", request: { kind: "barrier", id: 9, mode: "lease" } },
    );
    const told = only(words, "readable", "⇢ b e0 a1 transfer");
    pass(member, 3000, { b: tickMs, c: tickMs });

    expect(told).toEqual(["⇢ b e0 a1 transfer 0.3"]);
    expect(member.state.leadership?.handover).toBeUndefined();
    expect(reads(member)).toBe(false); // the heir may still get the word
  });

  test("has none any more when it resigns: its heir is told after that", () => {
    const member = lessee();
    const words = member.step(
      { kind: "request", request: { kind: "resign", reason: "stopping" } },
      { kind: "request", request: { kind: "barrier", id: 9, mode: "lease" } },
    );

    expect(only(words, "readable", "refused")).toEqual(["refused #9 no-leader"]);
    expect(only(words, "⇢ b e0 a1 transfer", "⇢ c e0 a0 transfer")).toHaveLength(1);
    expect(only(words, "⇢ b e0 a1 viewChange", "⇢ c e0 a1 viewChange")).toEqual([]);
  });

  test("who only prepares appoints nobody when it resigns: another may hold a lease", () => {
    const member = aged();
    member.prepare();
    const words = member.request({ kind: "resign", reason: "stopping" });

    expect(words.filter((word) => word.includes("transfer") || word.includes("viewChange"))).toEqual([]);
  });
});

describe("B5: a voter", () => {
  const beat = { kind: "heartbeat", view: view(1), ordered: 0, stable: 0, round: 1 } as const;
  const stranger = { kind: "prepare", view: view(2) } as const;

  /** A follower of b that has just promised. */
  function promised(options: object = {}): PaxosMember {
    const member = aged({ options });
    member.receive("b", beat);
    return member;
  }

  const answers = (words: readonly string[]) => words.filter((word) => word.includes("prepareOk"));

  test("says with its answer how far its clock is; with leases off it promises nothing", () => {
    const [on, off] = [promised(), promised({ leases: false })].map((member) => member.sent.at(-1)?.message);

    expect(on).toMatchObject({ kind: "grant", view: view(1), round: 1 });
    const { life, clock } = promised().state;
    expect(on).toMatchObject({ clock: life + clock }); // another run of the process counts from elsewhere
    expect(off).toMatchObject({ kind: "heartbeatOk", view: view(1), round: 1 });
  });

  test("answers no Prepare for a Progress_Timer's ticks, nor does it leave its leader", () => {
    const member = promised();
    member.tick(9);
    const early = member.receive("c", stranger);
    expect(member.state.lastInstalled).toBe(view(1));
    member.tick();

    expect([answers(early), answers(member.receive("c", stranger)).length]).toEqual([[], 1]);
  });

  test("keeps its promise when it hears of a higher view otherwise", () => {
    const member = promised();
    member.receive("c", { kind: "viewProof", installed: view(2), heard: [], leaderAlive: true });

    expect(member.state.lastInstalled).toBe(view(2));
    expect(answers(member.receive("c", stranger))).toEqual([]);
  });

  test("keeps it when the link to its leader breaks, and neither attempts nor prepares a view", () => {
    const member = promised();
    member.connect(view(1));
    member.step({ kind: "link", peer: "b", up: false });
    member.tick(9);
    expect(member.state.role).toBe("follower");

    member.receive("b", { kind: "viewChange", attempted: view(3), heard: [] }); // its resignation, or an old message
    for (const from of "bc") member.receive(from, { kind: "viewChange", attempted: view(3), heard: [] });
    expect(member.state.role).toBe("election");
  });

  test("answers no Prepare for as long after a start: it may have promised before", () => {
    const member = new PaxosMember({ options: { leases: true } });
    member.connect();
    const early = [...member.tick(9), ...member.receive("c", stranger)];
    member.tick();

    expect(early.filter((word) => word.includes("prepare") || word.includes("viewChange"))).toEqual([]);
    expect(answers(member.receive("c", stranger))).toHaveLength(1);
  });

  test("answers at once who was appointed by the leader that it promised to, or by a later one", () => {
    const heir = { kind: "heirPrepare", view: view(5) } as const;

    expect(answers(promised().receive("c", { ...heir, appointedIn: view(1) }))).toHaveLength(1);
    expect(answers(promised().receive("c", { ...heir, appointedIn: view(4) }))).toHaveLength(1);
    expect(answers(promised().receive("c", { ...heir, appointedIn: view(0) }))).toEqual([]); // its lease says nothing
  });

  test("not even such a one soon after a start: the promise may have been of a later view", () => {
    const member = new PaxosMember({ options: { leases: true } });
    const heir = { kind: "heirPrepare", view: view(5), appointedIn: view(4) } as const;

    expect(answers(member.receive("c", heir))).toEqual([]);
  });

  test("as an heir says in whose view it was appointed, again with each repetition", () => {
    const member = promised();
    const words = [...member.receive("b", { kind: "transfer", view: view(1) }), ...member.flush(), ...member.tick(5)];

    expect(only(words, "→ c")).toEqual(Array(2).fill("→ c e0 a0 heirPrepare 0.3 appointed in 0.1"));
  });

  test("as an heir soon after a start does not prepare: its own answer would count", () => {
    const member = new PaxosMember({ options: { leases: true } });
    member.receive("b", beat);
    member.receive("b", { kind: "transfer", view: view(1) });
    expect(member.state.role).toBe("follower");

    member.tick(10);
    member.receive("b", { kind: "transfer", view: view(1) });
    expect(member.state.role).toBe("preparing");
  });

  test("asks its leader for reads by lease, if all that ask in the step are content with one", () => {
    const member = promised();
    const ask = (id: number, mode: "lease" | "quorum") =>
      ({ kind: "request", request: { kind: "barrier", id, mode } }) as const;

    expect(member.step(ask(1, "lease"), ask(2, "lease"))).toEqual(["⇢ b e0 a0 leaseRead 1"]);
    expect(member.step(ask(3, "lease"), ask(4, "quorum"))).toEqual(["⇢ b e0 a0 read 2"]);
  });
});

describe("B6: a lease ends with its epoch", () => {
  const payload = encodeChange({ alpha: 2, members: paxosMembers("abd"), learners: [] });
  const change: Update = { term: 1, kind: "members", payload, client: 0, timestamp: 0 };
  const epoch1 = { kind: "reconcileData", first: 1, updates: [change, update("f", 1)] } as const;

  test("a voter that passed its end answers the new leader at once", () => {
    const member = aged({ id: "b", options: { alpha: 2 } });
    member.receive("c", { kind: "heartbeat", view: view(2), ordered: 0, stable: 0, round: 1 });
    member.receive("c", epoch1);

    const words = member.receive("a", { kind: "prepare", view: viewOf(1, 0) });
    expect(only(words, "→ a e1 a2 prepareOk")).toHaveLength(1);
  });

  test("the leader has none any more", () => {
    const member = lessee();
    const before = reads(member, 2);
    member.receive("b", { ...epoch1, updates: Array(9).fill(change), first: 2 });

    expect([before, member.state.configuration?.epoch, reads(member, 3)]).toEqual([true, 1, false]);
  });

  test("soon after a start a promise of the run before may be of the new epoch: it is kept, also by who would lead", () => {
    const voter = new PaxosMember({ id: "b", options: { leases: true, alpha: 2 } });
    voter.receive("c", epoch1);
    const first = new PaxosMember({ options: { leases: true, alpha: 2 } });
    first.receive("b", epoch1);

    expect(only(voter.receive("a", { kind: "prepare", view: viewOf(1, 0) }), "→ a")).toEqual([]);
    expect(first.state).toMatchObject({ configuration: { epoch: 1 }, role: "follower" });
  });
});
