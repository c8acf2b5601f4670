import { describe, expect, test } from "vitest";
import { only, PaxosMember, type PaxosSetup, paxosMembers, update } from "../../../test/support/paxos-member.ts";
import { encodeChange } from "./codec/change-codec.ts";
import { firstBase } from "./log/recovery.ts";
import { viewOf } from "./membership/configurations.ts";
import type { PaxosRecord, Update } from "./messages.ts";

const view = (attempt: number) => viewOf(0, attempt);
const options = { syncPending: true } as const;
/** Of a run before. */
const old = update("old", 4);
const older = update("older", 9, 6);

/** A member that starts again, with these updates waiting. */
function restarted(waiting: readonly Update[], setup: PaxosSetup = {}): PaxosMember {
  const records: PaxosRecord[] = [...(setup.records ?? []), { kind: "pending", updates: waiting }];
  return new PaxosMember({ ...setup, records, options: { ...options, ...setup.options } });
}

function stored(member: PaxosMember): readonly string[] {
  const newest = member.records.findLast((record) => record.kind === "pending");
  return newest?.updates.map(({ payload }) => new TextDecoder().decode(payload)) ?? ["nothing yet"];
}

describe("D5: Pending_Updates on disk", () => {
  test("an update is stored before it is handed on", () => {
    const member = new PaxosMember({ options });
    member.follow();
    const { life } = member.state;

    expect(member.propose(1, "p", "q")).toEqual([
      `store pending ${life}.1 ${life}.2`,
      "→ b e0 a0 clientUpdate of 2, hops 1",
    ]);
  });

  test("without the option nothing is stored, and nothing waits", () => {
    const member = new PaxosMember();
    member.follow();

    expect(member.propose(1, "p")).toEqual(["⇢ b e0 a0 clientUpdate of 1, hops 1"]);
  });

  test("a leader stores it, too: what it proposes need not be what is ordered", () => {
    const member = new PaxosMember({ options });
    member.lead();

    expect(only(member.propose(1, "p"), "store").map((word) => word.slice(0, 14))).toEqual([
      "store pending ",
      "store accepted",
    ]);
  });

  test("each record holds all that waits, of runs before as well: the newest counts", () => {
    const member = restarted([older, old]);
    member.follow();
    member.propose(1, "p");
    member.propose(2, "q");

    expect(stored(member)).toEqual(["older", "old", "p", "q"]);
  });

  test("of several records the newest is what waits", () => {
    const member = restarted([older], { records: [{ kind: "pending", updates: [old] }] });

    expect(member.state.inherited.map((waiting) => waiting.update)).toEqual([older]);
  });

  test("once nothing waits that is stored, with a heartbeat's pace: or it were taken for news, long after", () => {
    const member = new PaxosMember({ options });
    member.follow();
    member.propose(1, "p");
    member.tick(2);
    expect(stored(member)).toEqual(["p"]);

    const { life: client } = member.state;
    member.receive("b", { kind: "reconcileData", first: 1, updates: [update("p", 1, client)] });
    member.tick(2);
    expect(stored(member)).toEqual([]);
    const count = member.records.length;
    member.tick(4);
    expect(member.records).toHaveLength(count);
  });

  test("no more waits than one record may hold; more is busy", () => {
    const member = restarted([older, old], { options: { runBytesMax: 900 } });
    member.follow();

    expect(only(member.propose(1, "p"), "refused")).toEqual([]);
    expect(member.propose(2, "q")).toEqual(["refused #2 busy"]);
  });
});

describe("D5: after a crash", () => {
  test("what waited goes to the leader once it is known, and again until it is ordered; nobody here is told", () => {
    const member = restarted([older, old], { options: { progressTicks: 100 } });
    const first = member.receive("b", { kind: "heartbeat", view: view(1), ordered: 0, stable: 0, round: 0 });
    expect(only(first, "→ b")).toEqual(["→ b e0 a0 clientUpdate of 2, hops 1"]);
    expect(only(member.tick(16), "→ b e0 a0 client")).toEqual(["→ b e0 a0 clientUpdate of 2, hops 1"]);

    const words = member.receive("b", { kind: "reconcileData", first: 1, updates: [old] });
    expect(only([...words, ...member.flush()], "accepted", "settled")).toEqual([]);
    expect(member.state.inherited.map((waiting) => waiting.update)).toEqual([older]);
    expect(only(member.tick(32), "→ b e0 a1 client")).toEqual(["→ b e0 a1 clientUpdate of 1, hops 1"]);
  });

  test("or into the own queue of who leads, and is proposed under its old name", () => {
    const member = restarted([old]);
    member.lead();

    expect(member.records.filter((record) => record.kind === "accepted").flatMap((record) => record.updates)).toEqual([
      { ...old, term: member.state.lastInstalled },
    ]);
  });

  test("what was ordered before is not sent again", () => {
    const learned: PaxosRecord = { kind: "learned", first: 1, updates: [old] };

    expect(restarted([older, old], { records: [learned] }).state.inherited.map((waiting) => waiting.update)).toEqual([
      older,
    ]);
  });

  test("nor what a snapshot holds, be it there at the start or installed later", () => {
    const clients = [{ client: old.client, next: old.timestamp + 1, above: [] }];
    const base = { ...firstBase(paxosMembers("abc"), 8), floor: 5, through: 5, clients };
    const member = restarted([older, old], {
      records: [{ kind: "base", base, snapshot: undefined, isOwn: true, promised: 0 }],
      applied: 5,
    });
    expect(member.state.inherited.map((waiting) => waiting.update)).toEqual([older]);

    const later = restarted([older, old]);
    const snapshot = { index: 5, term: 1, bytes: 1, checksum: 0 };
    later.receive("b", { kind: "offer", snapshot, base });
    later.receive("b", { kind: "chunk", snapshot, offset: 0, bytes: Uint8Array.of(1) });
    expect(later.state.inherited.map((waiting) => waiting.update)).toEqual([older]);
  });

  test("the leader orders it once, whoever sends it how often (C4)", () => {
    const member = new PaxosMember();
    const own = member.lead();
    for (let count = 0; count < 3; count++) {
      member.receive("b", { kind: "clientUpdate", updates: [old], hops: 1 });
      member.flush();
      member.receive("b", { kind: "accept", view: own, first: 1, last: 1 });
    }

    expect(member.state).toMatchObject({ history: { aru: 1 }, leadership: { lastProposed: 1 } });
  });

  test("who takes part no more sends nothing more", () => {
    const payload = encodeChange({ alpha: 1, members: paxosMembers("bc"), learners: [] });
    const change: Update = { term: 1, kind: "members", payload, client: 0, timestamp: 0 };
    const member = restarted([old], { options: { alpha: 1 } });
    member.receive("b", { kind: "reconcileData", first: 1, updates: [change] });
    const proof = { kind: "viewProof", installed: viewOf(1, 0), heard: [], leaderAlive: true, aru: 1 } as const;
    for (const from of "bc") member.receive(from, proof);

    expect(member.state).toMatchObject({ removed: 1, inherited: [] });
  });

  test("it is recovered though the option was taken away", () => {
    expect(restarted([old], { options: { syncPending: false } }).state.inherited).toHaveLength(1);
  });
});
