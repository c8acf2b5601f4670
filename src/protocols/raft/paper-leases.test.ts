import { describe, expect, test } from "vitest";
import { entriesOf, LoneMember, type MemberSetup, settledLeader } from "../../../test/support/raft-member.ts";
import type { NodeId } from "../../base/ids.ts";
import { firstMemory, Raft } from "./index.ts";

/** A round trip takes so many ms. */
const tripMs = 2;

/** Its owner's ticks; with 10 a timeout, a promise is worth 8 of them, less the drift that is allowed for. */
const tickMs = 20;

/** How long a tick of each follower lasts, in ms of the leader; who is not named does not answer. */
type Pace = Readonly<Record<NodeId, number>>;

/** Ticks so far at `now` of a clock that is as fast as this. */
function clockOf(now: number, paceMs: number): number {
  return 1000 + Math.floor(now / paceMs);
}

/** Lets time pass: the leader ticks, and its heartbeats are answered. */
function pass(member: LoneMember, ms: number, pace: Pace): void {
  for (const end = member.now + ms; member.now < end; ) {
    member.now += tickMs - tripMs;
    const first = member.sent.length;
    member.tick();
    member.now += tripMs;
    for (const { to, message } of member.sent.slice(first)) {
      const paceMs = pace[to];
      if (message.kind !== "heartbeat" || message.round === 0 || paceMs === undefined) continue;
      const { term, round } = message;
      const match = member.state.log.last;
      const clock = clockOf(member.now - tripMs / 2, paceMs);
      member.receive(to, { kind: "heartbeatReply", term, round, match, missing: false, clock });
    }
  }
}

/** Whether a read is answered at once. */
function reads(member: LoneMember, id = 1): boolean {
  return member.request({ kind: "barrier", id, mode: "lease" }).some((word) => word.startsWith(`readable #${id} `));
}

/** A leader of abc with leases on; its clocks are not yet measured. */
function leader(setup: MemberSetup = {}): LoneMember {
  return settledLeader({ ...setup, options: { leases: true, ...setup.options } });
}

/** How long after its last round a leader that hears nothing any more still answers by lease, in ms. */
function leaseMs(pace: Pace): number {
  const member = leader();
  pass(member, 3000, pace);
  while (member.state.elapsed % 2 !== 0) pass(member, tickMs, pace);
  const last = member.now - tripMs; // when the last round was sent
  while (reads(member, member.now)) member.now++;
  return member.now - last;
}

describe("dissertation §6.4.1, the leader", () => {
  test("answers reads at once while its lease holds, at its commit index", () => {
    const member = leader();
    pass(member, 3000, { b: tickMs, c: tickMs });

    const words = member.request({ kind: "barrier", id: 1, mode: "lease" });

    expect(words).toEqual(["readable #1 from 1"]);
  });

  test("has none until it has measured the clocks of a majority", () => {
    const member = leader();

    pass(member, 600, { b: tickMs, c: tickMs });
    const early = reads(member, 1);
    pass(member, 2400, { b: tickMs });

    expect([early, reads(member, 2)]).toEqual([false, true]); // with its own, b is a majority
  });

  test("without one asks a round, as for any other read", () => {
    const member = leader();

    const words = member.request({ kind: "barrier", id: 1, mode: "lease" });

    expect(words.some((word) => word.startsWith("⇢ b t1 heartbeat round"))).toBe(true);
  });

  test("finds it over when it wakes from a pause, for its host's clock went on", () => {
    const member = leader();
    pass(member, 3000, { b: tickMs, c: tickMs });
    member.now += 10 * tickMs;

    expect(reads(member)).toBe(false);
  });

  test("counts it from when a round was sent, not from when it was answered", () => {
    const member = leader();
    pass(member, 3000, { b: tickMs, c: tickMs });
    while (member.state.elapsed % 2 !== 1) pass(member, tickMs, { b: tickMs, c: tickMs });
    member.tick();
    const { round } = member.state.leadership ?? { round: 0 };
    member.now += 150; // longer than a promise is worth
    const clock = clockOf(member.now, tickMs);

    member.receive("b", { kind: "heartbeatReply", term: 1, round, match: 1, missing: false, clock });

    expect(reads(member)).toBe(false);
  });

  test("has none before its term has committed an entry", () => {
    const member = new LoneMember({ term: 1, log: [1], options: { leases: true } });
    member.lead();
    const answers = (ms: number) => {
      for (const end = member.now + ms; member.now < end; member.now += tickMs) {
        const first = member.sent.length;
        member.tick();
        for (const { to, message } of member.sent.slice(first)) {
          if (message.kind !== "heartbeat") continue;
          const clock = clockOf(member.now, tickMs);
          member.receive(to, {
            kind: "heartbeatReply",
            term: 2,
            round: message.round,
            match: 0,
            missing: false,
            clock,
          });
        }
        member.persisted();
      }
    };
    answers(3000);
    const before = reads(member, 1);

    member.stored("b");

    expect([before, reads(member, 2)]).toEqual([false, true]);
  });

  test("has none any more once it told an heir to stand, even if it leads on", () => {
    const member = leader();
    pass(member, 3000, { b: tickMs, c: tickMs });
    const before = reads(member, 1);

    member.request({ kind: "transfer", id: 9, to: "b" });
    const during = reads(member, 2);
    pass(member, 3000, { b: tickMs, c: tickMs });

    expect(member.state.leadership?.handover).toBeUndefined();
    expect([before, during, reads(member, 3)]).toEqual([true, false, false]); // the heir may still get the word
  });

  test("does not count members that promise nothing", () => {
    const member = leader();
    for (let count = 0; count < 150; count++) {
      member.now += tickMs;
      member.tick();
      const { round } = member.state.leadership ?? { round: 0 };
      for (const from of "bc")
        member.receive(from, { kind: "heartbeatReply", term: 1, round, match: 1, missing: false });
    }

    expect(reads(member)).toBe(false);
  });

  test("needs the promises of both majorities while members change", () => {
    const member = leader({ learners: "de" });
    const pace = { b: tickMs, c: tickMs, d: tickMs, e: tickMs };
    pass(member, 3000, pace);
    member.change("ade");
    const both = reads(member, 1);

    pass(member, 8 * tickMs, { d: tickMs, e: tickMs });

    expect([both, reads(member, 2)]).toEqual([true, false]);
  });

  test("with leases off asks a round", () => {
    const member = settledLeader();
    pass(member, 3000, { b: tickMs, c: tickMs });

    expect(reads(member)).toBe(false);
  });
});

describe("clocks of other speeds", () => {
  const promised = 10 * tickMs;

  test("a promise is worth less than it lasts, whatever the speed", () => {
    for (const paceMs of [5, 10, 17, tickMs, 31, 40]) {
      const worth = leaseMs({ b: paceMs, c: paceMs });

      expect(worth, `ticks of ${paceMs} ms`).toBeLessThan(8 * paceMs);
    }
  });

  test("and not much less where clocks are steady", () => {
    expect(leaseMs({ b: tickMs, c: tickMs })).toBeGreaterThan(promised * 0.5);
  });

  test("a clock that is twice as fast shortens the lease, and one that is slow does not lengthen it", () => {
    const even = leaseMs({ b: tickMs, c: tickMs });

    expect(leaseMs({ b: tickMs / 2, c: tickMs / 2 })).toBeLessThan(even * 0.6);
    expect(leaseMs({ b: tickMs / 2, c: 2 * tickMs })).toBeGreaterThan(even); // c and the leader are a majority
    expect(leaseMs({ b: tickMs, c: tickMs / 2 })).toBe(even);
  });

  test("a clock found to run faster than was allowed for is trusted no more, until measured anew", () => {
    const member = leader();
    pass(member, 3000, { b: tickMs });
    const before = reads(member, 1);

    // A clock that runs on from where it was, four times as fast.
    const turned = member.now;
    const at = (now: number) => clockOf(turned, tickMs) + Math.floor((now - turned) / (tickMs / 4));
    const run = (ms: number) => {
      for (const end = member.now + ms; member.now < end; ) {
        member.now += tickMs;
        const first = member.sent.length;
        member.tick();
        for (const { to, message } of member.sent.slice(first)) {
          if (to !== "b" || message.kind !== "heartbeat" || message.round === 0) continue;
          const { round } = message;
          member.receive("b", {
            kind: "heartbeatReply",
            term: 1,
            round,
            match: 1,
            missing: false,
            clock: at(member.now),
          });
        }
      }
    };
    run(200);
    const found = reads(member, 2);
    run(1500);

    expect([before, found, reads(member, 3)]).toEqual([true, false, true]);
    expect(member.state.leadership?.peers.get("b")?.clock.tickMs).toBeLessThan(tickMs / 4);
  });

  test("a follower that was started again is measured anew: its ticks count from elsewhere", () => {
    const start = { memory: firstMemory([]) };
    const lives = [1, 2].map((seed) => new Raft({ id: "b", leases: true, seed }, start).inspect().clock);
    const member = leader();
    pass(member, 3000, { b: tickMs });
    const { round } = member.state.leadership ?? { round: 0 };

    const answer = { kind: "heartbeatReply", term: 1, round: round + 1, match: 1, missing: false } as const;
    pass(member, 2 * tickMs, {});
    member.receive("b", { ...answer, clock: 2 ** 40 });

    expect(member.state.leadership?.peers.get("b")?.clock.measures).toBe(0);
    expect(Math.abs((lives[0] ?? 0) - (lives[1] ?? 0))).toBeGreaterThan(2 ** 19);
    expect(reads(member)).toBe(false);
  });
});

describe("dissertation §6.4.1, who promised", () => {
  const beat = { kind: "heartbeat", term: 1, commit: 0, round: 1, sent: 0, session: 1 } as const;
  const stranger = { kind: "vote", term: 2, last: { index: 9, term: 1 } } as const;

  /** A member of abc that has just heard its leader b, long after its start. */
  function promised(options: object = { leases: true }): LoneMember {
    const member = new LoneMember({ term: 1, options });
    for (let count = 0; count < 11; count++) {
      member.receive("b", beat);
      member.tick();
    }
    member.receive("b", beat);
    return member;
  }

  test("says how far its clock is, and only with leases on", () => {
    const [on, off] = [promised(), promised({})].map((member) => member.sent.at(-1)?.message);

    expect(on).toHaveProperty("clock");
    expect(off).not.toHaveProperty("clock");
  });

  test("gives no vote for an election timeout after hearing its leader, though the link to it broke", () => {
    const member = promised();
    member.link("b", false);

    const early = [...member.tick(9), ...member.receive("c", stranger)];
    member.tick();

    expect(early.filter((word) => word.includes("Vote") || word.includes("vote"))).toEqual([]);
    expect(member.receive("c", stranger)).toContain("→ c t2 voteReply granted");
  });

  test("keeps its promise through a newer term that it hears of otherwise", () => {
    const member = promised();

    member.receive("c", { kind: "heartbeatReply", term: 2, round: 0, match: 0, missing: false });

    expect(member.state.term).toBe(2);
    expect(member.receive("c", stranger)).toContain("→ c t2 voteReply refused");
  });

  test("does not campaign itself within it", () => {
    const member = promised();
    member.link("b", false);

    member.tick(9);

    expect(member.state.role).toBe("follower");
  });

  test("gives no vote for an election timeout after a start: it may have promised before", () => {
    const member = new LoneMember({ term: 1, options: { leases: true } });

    const early = member.receive("c", stranger);
    member.tick(10);

    expect(early).toEqual(["leader none in t1"]);
    expect(member.receive("c", stranger)).toContain("→ c t2 voteReply granted");
  });

  test("votes for the heir of its leader at once", () => {
    const member = promised();

    const words = member.receive("c", { ...stranger, isHandedOver: true });

    expect(words).toContain("→ c t2 voteReply granted");
  });

  test("as an heir asks again for votes that were lost, though it promised", () => {
    const member = promised();
    member.receive("b", { kind: "append", term: 1, previous: { index: 0, term: 0 }, commit: 0, entries: entriesOf(1) });
    member.persisted();
    member.receive("b", { kind: "timeoutNow", term: 1 });
    member.persisted();

    expect(member.tick(2)).toContain("→ c t2 vote last 1@1 handed over");
  });

  test("asks its leader for reads by lease, if all that ask in the step are content with one", () => {
    const member = promised();
    const barrier = (id: number, mode: "lease" | "quorum") =>
      ({ kind: "request", request: { kind: "barrier", id, mode } }) as const;

    const lease = member.step(barrier(1, "lease"), barrier(2, "lease"));
    const mixed = member.step(barrier(3, "lease"), barrier(4, "quorum"));

    expect([...lease, ...mixed]).toEqual(["⇢ b t1 barrier ask 1 by lease", "⇢ b t1 barrier ask 2"]);
  });

  test("and is answered by it", () => {
    const member = leader();
    pass(member, 3000, { b: tickMs, c: tickMs });

    const words = member.receive("b", { kind: "barrier", term: 1, life: 5, ask: 1, isLeaseEnough: true });

    expect(words).toContain("⇢ b t1 barrierReply ask 1 index 1");
  });
});
