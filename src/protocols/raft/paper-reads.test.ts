import { describe, expect, test } from "vitest";
import { LoneMember } from "../../../test/support/raft-member.ts";
import { toUtf8 } from "../../base/text.ts";

function barrier(member: LoneMember, id: number): string[] {
  return member.request({ kind: "barrier", id, mode: "quorum" });
}

function answer(round: number) {
  return { kind: "heartbeatReply", term: 1, round, match: 1, missing: false } as const;
}

/** A leader of three in term 1 that has committed its opening entry, and will count rounds from 2 on. */
function leader(options: object = {}): LoneMember {
  const member = new LoneMember({ options });
  member.lead();
  member.persisted();
  member.receive("b", { kind: "appendReply", term: 1, match: 1 });
  return member;
}

/** A follower of b in term 1. */
function follower(options: object = {}): LoneMember {
  const member = new LoneMember({ options, term: 1 });
  member.receive("b", { kind: "heartbeat", term: 1, commit: 0, round: 0, sent: 0 });
  return member;
}

describe("dissertation §6.4 (ReadIndex)", () => {
  test("step 1: before an entry of its own term is committed, the leader lets reads wait", () => {
    const member = new LoneMember({ term: 1, log: [1, 1] });
    member.lead();
    member.persisted();

    const asked = barrier(member, 1);
    const committed = member.receive("b", { kind: "appendReply", term: 2, match: 3 });

    expect(asked).toEqual([]);
    expect(committed).toContain("⇢ b t2 heartbeat round 2 commit 3 sent 3"); // the round begins now
  });

  test("steps 2 and 3: a read has the commit index of when it was asked, once a majority has confirmed the leader since", () => {
    const member = leader();

    const asked = barrier(member, 1);
    const early = member.receive("b", answer(1)); // answers an earlier heartbeat
    const words = member.receive("b", answer(2));

    expect(asked).toEqual(["⇢ b t1 heartbeat round 2 commit 1 sent 1", "⇢ c t1 heartbeat round 2 commit 0 sent 1"]);
    expect([early, words]).toEqual([[], ["readable #1 from 1"]]);
  });

  test("reads that wait share one round, and later ones the next", () => {
    const member = leader();

    member.step(
      { kind: "request", request: { kind: "barrier", id: 1, mode: "quorum" } },
      { kind: "request", request: { kind: "barrier", id: 2, mode: "quorum" } },
    );
    barrier(member, 3);

    expect(member.receive("b", answer(2))).toEqual(["readable #1 #2 from 1"]);
    expect(member.receive("c", answer(3))).toEqual(["readable #3 from 1"]);
  });

  test("a later round confirms the earlier ones", () => {
    const member = leader();
    barrier(member, 1);
    barrier(member, 2);

    expect(member.receive("c", answer(3))).toEqual(["readable #1 from 1", "readable #2 from 1"]);
  });

  test("at most four rounds are under way; more reads wait and share the next", () => {
    const member = leader();
    for (const id of [1, 2, 3, 4, 5, 6]) barrier(member, id);

    const words = member.receive("b", answer(5));

    expect(words).toContain("⇢ b t1 heartbeat round 6 commit 1 sent 1");
    expect(member.receive("b", answer(6))).toEqual(["readable #5 #6 from 1"]);
  });

  test("a member alone answers at once", () => {
    const member = new LoneMember({ members: "a" });
    member.tickUntilCampaign();
    member.persisted();
    member.persisted();

    expect(barrier(member, 1)).toEqual(["readable #1 from 1"]);
  });

  test("a leader that steps down refuses the reads that waited", () => {
    const member = leader();
    barrier(member, 1);

    const words = member.receive("b", { kind: "heartbeat", term: 2, commit: 0, round: 0, sent: 0 });

    expect(words).toContain("refused #1 no-leader");
  });

  test("a read that is not confirmed for two election timeouts is refused, though the leader leads on", () => {
    const member = leader();
    barrier(member, 1);
    const silent = { kind: "appendReply", term: 1, match: 1 } as const;

    const words = Array.from({ length: 21 }, () => [...member.receive("b", silent), ...member.tick()]).flat();

    expect(words).toContain("refused #1 no-leader");
    expect(member.state.role).toBe("leader");
  });

  test("reads beyond waitingCountMax are refused as busy", () => {
    const member = leader({ waitingCountMax: 2 });

    const words = [barrier(member, 1), barrier(member, 2), barrier(member, 3)].flat();

    expect(words.at(-1)).toBe("refused #3 busy");
  });

  test("a follower asks the leader for the read index, and reads locally from there", () => {
    const member = follower();

    const asked = barrier(member, 7);
    const { message } = member.sent.at(-1) ?? {};
    const life = message?.kind === "barrier" ? message.life : 0;
    const words = member.receive("b", { kind: "barrierReply", term: 1, life, ask: 1, index: 5 });

    expect(asked).toEqual(["⇢ b t1 barrier ask 1"]);
    expect(words).toEqual(["readable #7 from 5"]);
  });

  test("an answer to an earlier run of the follower's process is ignored", () => {
    const member = follower();
    barrier(member, 7);

    expect(member.receive("b", { kind: "barrierReply", term: 1, life: 1, ask: 1, index: 5 })).toEqual([]);
  });

  test("a follower without a leader refuses, and one that loses its leader refuses what it had asked", () => {
    const member = follower();
    barrier(member, 7);

    const lost = member.receive("c", { kind: "heartbeat", term: 2, commit: 0, round: 0, sent: 0 });

    expect(lost).toContain("refused #7 no-leader");
    expect(barrier(new LoneMember(), 8)).toEqual(["refused #8 no-leader"]);
  });

  test("the leader answers a follower's read like its own, and a member that does not lead refuses it", () => {
    const member = leader();
    const ask = { kind: "barrier", term: 1, life: 9, ask: 3 } as const;

    member.receive("c", ask);

    expect(member.receive("b", answer(2))).toEqual(["⇢ c t1 barrierReply ask 3 index 1"]);
    expect(follower().receive("c", ask)).toEqual(["⇢ c t1 barrierReply ask 3 refused"]);
  });
});

describe("forwarding (dissertation §6.2)", () => {
  test("a follower hands proposals to its leader, those of one step in one message", () => {
    const member = follower();
    const ask = (id: number) =>
      ({ kind: "request", request: { kind: "propose", id, payloads: [toUtf8("x")] } }) as const;

    expect(member.step(ask(1), ask(2))).toEqual(["⇢ b t1 forward 1: #1 #2"]);
  });

  test("the leader appends them, and tells the fate of each", () => {
    const member = leader({ payloadBytesMax: 3 });
    member.receive("c", { kind: "appendReply", term: 1, match: 1 });
    const proposals = [
      { id: 1, payloads: [toUtf8("x")] },
      { id: 2, payloads: [toUtf8("long")] },
    ];

    const words = member.receive("c", { kind: "forward", term: 1, life: 9, number: 1, proposals });

    expect(words.at(-1)).toBe("⇢ c t1 #1 accepted at 2, #2 refused too-large");
    expect(member.state.log.last).toBe(2);
  });

  test("a repeated forward is not appended again", () => {
    const member = leader();
    const proposals = [{ id: 1, payloads: [toUtf8("x")] }];
    const forward = { kind: "forward", term: 1, life: 9, number: 1, proposals } as const;

    member.receive("c", forward, forward);

    expect(member.state.log.last).toBe(2);
  });

  test("a forward from another run of the process is a new one", () => {
    const member = leader();
    const forward = { kind: "forward", term: 1, number: 1, proposals: [{ id: 1, payloads: [toUtf8("x")] }] } as const;

    member.receive("c", { ...forward, life: 9 }, { ...forward, life: 10 });

    expect(member.state.log.last).toBe(3);
  });

  test("a member that never led in the forward's term refuses it: certainly not appended", () => {
    const member = follower();

    const words = member.receive("c", {
      kind: "forward",
      term: 1,
      life: 9,
      number: 1,
      proposals: [{ id: 1, payloads: [toUtf8("x")] }],
    });

    expect(words).toEqual(["⇢ c t1 #1 refused no-leader"]);
  });

  test.each([
    ["it voted for itself in that term", { term: 1, votedFor: "a" }],
    ["the term is an older one", { term: 2 }],
  ])("a member that may have led in the forward's term calls the fate unknown: %s", (_why, memory) => {
    const member = new LoneMember(memory);
    const proposals = [{ id: 1, payloads: [toUtf8("x")] }];

    const words = member.receive("c", { kind: "forward", term: 1, life: 9, number: 1, proposals });

    expect(words[0]).toBe(`⇢ c t${memory.term} #1 unknown`);
  });

  test("a verdict counts once, and only in the run of the process that asked", () => {
    const member = follower();
    member.propose(1, "x");
    const { message } = member.sent.at(-1) ?? {};
    const life = message?.kind === "forward" ? message.life : 0;
    const verdicts = [{ kind: "refused", id: 1, reason: "busy" }] as const;

    const words = [life + 1, life, life].map((each) =>
      member.receive("b", { kind: "forwardReply", term: 1, life: each, verdicts }),
    );

    expect(words).toEqual([[], ["refused #1 busy"], []]);
  });

  test("a forward without an answer for two election timeouts, or whose leader is lost, has an unknown fate", () => {
    const silent = follower();
    silent.propose(1, "x");
    const heard = { kind: "heartbeat", term: 1, commit: 0, round: 0, sent: 0 } as const;
    const waited = Array.from({ length: 21 }, () => [...silent.receive("b", heard), ...silent.tick()]).flat();

    const lost = follower();
    lost.propose(2, "y");
    const words = lost.receive("c", { ...heard, term: 2 });

    expect(waited).toEqual(["settled #1 unknown"]);
    expect(words).toContain("settled #2 unknown");
  });
});

describe("fates", () => {
  test("a proposal is lost as soon as a newer term's entry is committed at its place, or before it", () => {
    const member = leader();
    member.propose(1, "x", "y"); // 2 and 3
    member.propose(2, "z"); // 4
    member.receive("b", { kind: "append", term: 2, previous: { index: 1, term: 1 }, entries: [opening(2)], commit: 1 });
    member.persisted();

    const words = member.receive("b", { kind: "heartbeat", term: 2, commit: 2, round: 0, sent: 2 });

    expect(words).toEqual(["committed 2@2", "settled #1 lost", "settled #2 lost"]);
  });

  test("a proposal of which only a first part was committed has an unknown fate", () => {
    const member = leader();
    member.propose(1, "x", "y"); // 2 and 3
    member.receive("b", { kind: "append", term: 2, previous: { index: 2, term: 1 }, entries: [opening(2)], commit: 1 });
    member.persisted();

    const words = member.receive("b", { kind: "heartbeat", term: 2, commit: 3, round: 0, sent: 3 });

    expect(words).toEqual(['committed 2@1 "x" 3@2', "settled #1 unknown"]);
  });

  test("a proposal behind a snapshot of its own term is applied, behind one of a newer term unknown", () => {
    const fates = [1, 2].map((term) => {
      const member = leader();
      member.propose(1, "x");
      const snapshot = { index: 5, term, bytes: 0, checksum: 0 };
      const { membership } = member.state;
      member.receive("b", {
        kind: "chunk",
        term: 2,
        snapshot,
        membership,
        offset: 0,
        bytes: new Uint8Array(0),
      });
      return member.persisted();
    });

    expect(fates[0]).toContain("settled #1 applied");
    expect(fates[1]).toContain("settled #1 unknown");
  });

  test("a proposal must have a payload", () => {
    expect(() => leader().propose(1)).toThrow("at least one payload");
  });
});

function opening(term: number) {
  return { term, kind: "none", payload: new Uint8Array(0) } as const;
}
