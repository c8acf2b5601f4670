import { describe, expect, test } from "vitest";
import { only, PaxosMember, paxosMembers, update } from "../../../test/support/paxos-member.ts";
import { encodeChange } from "./codec/change-codec.ts";
import { slotAt, topOf } from "./log/history.ts";
import { firstBase, Recovery } from "./log/recovery.ts";
import { foundingOf, viewOf } from "./membership/configurations.ts";
import type { Configuration, PaxosRecord, Update } from "./messages.ts";

const view = (attempt: number) => viewOf(0, attempt);
const x = update("x", 1);
const y = update("y", 2);
const accepted = (attempt: number, first: number, ...updates: Update[]): PaxosRecord => {
  return { kind: "accepted", view: view(attempt), first, updates };
};

function recovered(...records: PaxosRecord[]) {
  const recovery = new Recovery(paxosMembers("abc"), 2 ** 20, 8);
  for (const record of records) recovery.take(record);
  return recovery.finish();
}

describe("R1: what records make of a member", () => {
  test("the promise is the highest view stored, and that of an accept counts as well (D1)", () => {
    expect(recovered({ kind: "view", view: view(2) }, accepted(3, 1, x)).promised).toBe(view(3));
    expect(recovered(accepted(3, 1, x), { kind: "view", view: view(2) }).promised).toBe(view(3));
  });

  test("who takes part is what was stored, whoever is given at a restart: or one of three could decide alone", () => {
    const stored = { ...firstBase(paxosMembers("def"), 4) };
    const { facts } = recovered({ kind: "base", base: stored, snapshot: undefined, isOwn: true, promised: 0 });

    expect(facts.configurations).toEqual([foundingOf(paxosMembers("def"), 4)]);
  });

  test("and it outlives the records that held it", () => {
    const base = { ...firstBase(paxosMembers("abc"), 8), floor: 1, through: 1 };

    expect(recovered({ kind: "base", base, snapshot: undefined, isOwn: false, promised: view(4) }).promised).toBe(
      view(4),
    );
  });

  test("accepted updates are there, ordered or not; a later view's replaces an earlier one's", () => {
    const { history } = recovered(accepted(1, 1, x, x), accepted(2, 2, y));

    expect([history.aru, topOf(history)]).toEqual([0, 2]);
    expect(slotAt(history, 2)).toMatchObject({ view: view(2), update: y });
  });

  test("what is ordered never changes any more", () => {
    const { history } = recovered({ kind: "learned", first: 2, updates: [x] }, accepted(5, 2, y));

    expect(slotAt(history, 2)).toMatchObject({ isOrdered: true, update: x });
  });

  test("accepted updates survive a snapshot before them", () => {
    const base = { ...firstBase(paxosMembers("abc"), 8), floor: 1, through: 1 };
    const { history } = recovered(...[accepted(1, 1, x), accepted(1, 2, y)], {
      kind: "base",
      base,
      snapshot: undefined,
      isOwn: false,
      promised: 0,
    });

    expect([history.floor, history.aru]).toEqual([1, 1]);
    expect(slotAt(history, 2)?.update).toEqual(y);
  });

  test("a log with a hole in what was ordered is damaged", () => {
    expect(() => recovered(accepted(1, 2, y), { kind: "ordered", through: 2 })).toThrow("ordered at 1 is missing");
  });
});

describe("R2: the aru", () => {
  test("is where the order was known to be, by hints; and the owner's word counts as one", () => {
    const records = [accepted(1, 1, x, y), { kind: "ordered", through: 1 }] as const;

    expect(new PaxosMember({ records }).state.history.aru).toBe(1);
    expect(new PaxosMember({ records, applied: 2 }).state.history.aru).toBe(2);
  });

  test("what is ordered is delivered again, from where the owner is", () => {
    const member = new PaxosMember({ records: [accepted(1, 1, x, y), { kind: "ordered", through: 2 }], applied: 1 });

    expect(only(member.tick(), "committed")).toEqual(['committed 2@1 "y"']);
  });

  test("with everything trimmed no place is used again: who leads goes on behind what is ordered", () => {
    const base = { ...firstBase(paxosMembers("abc"), 8), floor: 5, through: 5 };
    const member = new PaxosMember({
      records: [{ kind: "base", base, snapshot: undefined, isOwn: true, promised: view(1) }],
      applied: 5,
    });
    member.lead();
    member.propose(1, "p");

    expect(member.records.at(-1)).toMatchObject({ kind: "accepted", first: 6 });
  });

  test("clients and members are known again", () => {
    const change = encodeChange({ alpha: 8, members: paxosMembers("abd"), learners: [] });
    const members: Update = { term: 1, kind: "members", payload: change, client: 0, timestamp: 0 };
    const { facts } = recovered(accepted(1, 1, x, members), { kind: "ordered", through: 2 });

    expect(facts.clients.get(7)?.next).toBe(2);
    expect(facts.configurations.map(({ epoch, start }) => [epoch, start])).toEqual([
      [0, 1],
      [1, 10],
    ]);
  });
});

describe("R3, R4: views after a restart", () => {
  test("R3: the epoch of the next place counts, though no view of it was stored", () => {
    const founding = foundingOf(paxosMembers("abc"), 1);
    const next: Configuration = { ...founding, epoch: 1, decided: 1, start: 2, members: paxosMembers("abd") };
    const base = { floor: 1, through: 1, configurations: [founding, next], clients: [] };
    const records = [{ kind: "base", base, snapshot: undefined, isOwn: true, promised: view(5) }] as const;

    expect(new PaxosMember({ records, applied: 1 }).state.lastInstalled).toBe(viewOf(1, 0));
  });

  test("R4: a member leads no view that it may have led before", () => {
    const member = new PaxosMember({ records: [{ kind: "view", view: view(3) }] });

    expect(member.prepare()).toBe(view(6));
  });

  test("a late proposal of a view below its promise does not replace what it accepted", () => {
    const member = new PaxosMember({ id: "b", records: [accepted(3, 1, x)] });
    member.receive("c", { kind: "proposal", view: view(2), first: 1, updates: [y], ordered: 0, stable: 0 });

    expect(slotAt(member.state.history, 1)?.update).toEqual(x);
  });
});

describe("R5: it comes back", () => {
  test("to the view in which it was, by a VC_Proof of whoever hears the leader", () => {
    const member = new PaxosMember({ records: [{ kind: "view", view: view(1) }] });
    member.receive("c", { kind: "viewProof", installed: view(1), heard: ["a"], leaderAlive: true });

    expect(member.state).toMatchObject({ role: "follower", leader: "b" });
  });

  test("and votes from the first message", () => {
    const member = new PaxosMember({ records: [{ kind: "view", view: view(1) }] });
    const words = member.receive("c", { kind: "prepare", view: view(2) });

    expect(only(words, "→ c")).toEqual(["→ c e0 a0 prepareOk 0.2 1/1: nothing"]);
  });
});

describe("D4: the hint of what is ordered", () => {
  test("is stored with what is stored anyway, behind the answers, or with a heartbeat's tick", () => {
    const member = new PaxosMember();
    member.receive("b", { kind: "proposal", view: view(1), first: 1, updates: [x], ordered: 1, stable: 0 });
    const next = { kind: "proposal", view: view(1), first: 2, updates: [y], ordered: 2, stable: 0 } as const;

    expect(only(member.receive("b", next), "store", "→")).toEqual([
      ...['store accepted in 0.1 2@1 "y"', "→ b e0 a1 accept 0.1 2…2", "store ordered 2"],
    ]);
  });
});
