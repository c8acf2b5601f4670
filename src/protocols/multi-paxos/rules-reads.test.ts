import { describe, expect, test } from "vitest";
import { only, PaxosMember, paxosMembers, report, update } from "../../../test/support/paxos-member.ts";
import { viewOf } from "./membership/configurations.ts";

const view = (attempt: number) => viewOf(0, attempt);
const barrier = (id: number) => ({ kind: "barrier", id, mode: "quorum" }) as const;

describe("B1: a read at the leader", () => {
  test("is linearizable once a quorum has answered a round that began after it", () => {
    const member = new PaxosMember();
    const own = member.lead();
    const words = member.request(barrier(4));
    expect(only(words, "⇢")).toEqual([
      "⇢ b e0 a0 heartbeat 0.3 ordered 0 round 1",
      "⇢ c e0 a0 heartbeat 0.3 ordered 0 round 1",
    ]);

    expect(member.receive("b", { kind: "heartbeatOk", view: own, round: 0 })).toEqual([]);
    expect(member.receive("b", { kind: "heartbeatOk", view: own, round: 1 })).toEqual(["readable #4 from 0"]);
  });

  test("all reads that wait share a round, and two are under way at the most", () => {
    const member = new PaxosMember();
    member.lead();
    for (const id of [1, 2, 3, 4]) member.request(barrier(id));

    expect(member.state.leadership?.rounds.map(({ asks }) => asks.length)).toEqual([1, 1]);
    expect(member.state.leadership?.waiting).toHaveLength(2);
  });

  test("B3: of a new leader it waits for all that an earlier one may have ordered", () => {
    const member = new PaxosMember();
    const own = member.lead([report(2, view(1), update("x", 1))]);
    member.request(barrier(4));
    expect(member.receive("b", { kind: "heartbeatOk", view: own, round: 1 })).toEqual([]);

    member.receive("b", { kind: "accept", view: own, first: 1, last: 2 });
    expect(only(member.flush(), "readable")).toEqual(["readable #4 from 2"]);
  });

  test("is refused by who leads no more", () => {
    const member = new PaxosMember();
    member.lead();
    member.request(barrier(4));

    expect(only(member.receive("b", { kind: "prepare", view: view(4) }), "refused")).toEqual(["refused #4 no-leader"]);
  });

  test("a member alone needs nobody", () => {
    const member = new PaxosMember({ members: "a" });
    member.tick();
    member.flush();

    expect(member.request(barrier(4))).toEqual(["readable #4 from 0"]);
  });
});

describe("B3, B6: with accepts to all others may have ordered, and answered, before the leader", () => {
  const options = { acceptsTo: "all", alpha: 2 } as const;

  test("a read is from all that was proposed before it", () => {
    const member = new PaxosMember({ options });
    const own = member.lead();
    member.propose(1, "p");
    member.request(barrier(4));
    expect(only(member.receive("b", { kind: "heartbeatOk", view: own, round: 1 }), "readable")).toEqual([]);

    member.flush();
    const words = member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    expect(only(words, "readable")).toEqual(["readable #4 from 1"]);
  });

  test("from the epoch's last place it is refused: others may decide in the next one", () => {
    const member = new PaxosMember({ options });
    const own = member.lead();
    member.request({ kind: "change", id: 3, members: paxosMembers("ab"), learners: [] });
    member.flush();
    member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    member.request(barrier(5));
    const round = member.state.leadership?.round ?? 0;
    member.receive("b", { kind: "heartbeatOk", view: own, round });
    member.flush();

    const words = member.receive("b", { kind: "accept", view: own, first: 2, last: 2 });
    expect(member.state.configuration?.epoch).toBe(1);
    expect(only(words, "refused", "readable")).toEqual(["refused #5 no-leader"]);
  });

  test("with accepts to the leader nobody passes the end before it: it reads on", () => {
    const member = new PaxosMember({ options: { alpha: 2 } });
    const own = member.lead();
    member.request({ kind: "change", id: 3, members: paxosMembers("ab"), learners: [] });
    member.flush();
    member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    member.request(barrier(5));

    const round = member.state.leadership?.round ?? 0;
    expect(member.receive("b", { kind: "heartbeatOk", view: own, round })).toEqual(["readable #5 from 1"]);
  });
});

describe("B2: a read at a follower", () => {
  test("is asked of the leader, with the others of its step", () => {
    const member = new PaxosMember();
    member.follow();
    const words = member.step(...[1, 2].map((id) => ({ kind: "request", request: barrier(id) }) as const));
    expect(words).toEqual(["⇢ b e0 a0 read 1"]);

    const answer = { kind: "readOk", life: member.state.life, ask: 1, next: 10 } as const;
    expect(member.receive("b", { ...answer, life: 1 })).toEqual([]); // of another run of the process
    expect(only(member.receive("b", answer), "readable")).toEqual(["readable #1 #2 from 9"]);
  });

  test("is refused when the leader does, when it is lost, or when no answer comes", () => {
    const member = new PaxosMember();
    member.follow();
    member.request(barrier(1));
    const { life } = member.state;
    expect(member.receive("b", { kind: "readOk", life, ask: 1, next: 0 })).toEqual(["refused #1 no-leader"]);

    member.request(barrier(2));
    expect(only(member.receive("c", { kind: "prepare", view: view(2) }), "refused")).toEqual(["refused #2 no-leader"]);
    expect(member.request(barrier(3))).toEqual(["refused #3 no-leader"]);
  });

  test("while nothing is ordered has nothing to show, and is answered all the same", () => {
    const leader = new PaxosMember();
    const own = leader.lead();
    leader.receive("b", { kind: "read", life: 3, ask: 1 });
    const words = leader.receive("b", { kind: "heartbeatOk", view: own, round: 1 });
    expect(words).toEqual(["⇢ b e0 a0 readOk 1 from 0"]);

    const member = new PaxosMember();
    member.follow();
    member.request(barrier(1));
    const answer = { kind: "readOk", life: member.state.life, ask: 1, next: 1 } as const;
    expect(only(member.receive("b", answer), "readable")).toEqual(["readable #1 from 0"]);
  });

  test("who does not lead refuses those of others", () => {
    const member = new PaxosMember();

    expect(member.receive("b", { kind: "read", life: 3, ask: 1 })).toEqual(["⇢ b e0 a0 readOk 1 refused"]);
  });
});

describe("X1, X2: transfer", () => {
  test("the heir is told once everything proposed is ordered; nothing new is proposed meanwhile", () => {
    const member = new PaxosMember();
    const own = member.lead();
    member.propose(1, "p");
    expect(only(member.request({ kind: "transfer", id: 2, to: "c" }), "⇢ c")).toEqual([]);
    expect(member.propose(3, "q")).toEqual(["refused #3 no-leader"]);

    member.flush();
    const words = member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    expect(only(words, "⇢ c")).toContain("⇢ c e0 a1 transfer 0.3");
  });

  test("the heir prepares a view of its own at once, and nobody else does by that word", () => {
    const member = new PaxosMember();
    member.follow();
    const words = member.receive("b", { kind: "transfer", view: view(1) });
    expect(only(words, "→")).toEqual(["→ b e0 a0 prepare 0.3", "→ c e0 a0 prepare 0.3"]);

    const other = new PaxosMember();
    other.follow();
    other.receive("c", { kind: "transfer", view: view(1) });
    expect(other.state.role).toBe("follower");
  });

  test("it is settled when it is known who leads", () => {
    const member = new PaxosMember();
    member.lead();
    member.request({ kind: "transfer", id: 2, to: "c" });
    member.receive("c", { kind: "prepare", view: view(5) });
    const words = member.receive("c", { kind: "heartbeat", view: view(5), ordered: 0, stable: 0, round: 0 });

    expect(only(words, "settled")).toEqual(["settled #2 applied"]);
  });

  test("it is given up when it takes as long as a leader is waited for", () => {
    const member = new PaxosMember({ options: { progressTicks: 6, heartbeatTicks: 5 } });
    const own = member.lead();
    member.request({ kind: "transfer", id: 2, to: "c" });
    for (let count = 0; count < 6; count++) {
      for (const from of ["b", "c"]) member.receive(from, { kind: "heartbeatOk", view: own, round: 1 });
      if (member.tick().includes("settled #2 lost")) break;
    }

    expect(member.state).toMatchObject({ role: "leader", leadership: { handover: undefined } });
  });

  test.each([
    ["not-leader", new PaxosMember(), "b"],
    ["invalid", newLeader(), "x"],
    ["invalid", newLeader(), "a"],
  ])("it is refused: %s", (reason, member, to) => {
    expect(member.request({ kind: "transfer", id: 2, to })).toEqual([`refused #2 ${reason}`]);
  });
});

function newLeader(): PaxosMember {
  const member = new PaxosMember();
  member.lead();
  return member;
}
