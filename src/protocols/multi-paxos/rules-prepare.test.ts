import { describe, expect, test } from "vitest";
import { noop, only, PaxosMember, report, update } from "../../../test/support/paxos-member.ts";
import { viewOf } from "./membership/configurations.ts";
import type { PaxosRecord } from "./messages.ts";

const view = (attempt: number) => viewOf(0, attempt);
const x = update("x", 1);
const y = update("y", 2);
const z = update("z", 3);

/** What it proposes as soon as it leads: first place, and texts. */
function proposed(member: PaxosMember): string[] {
  const sent = member.sent.flatMap(({ to, message }) => (to === "b" && message.kind === "proposal" ? [message] : []));
  return sent.map(({ first, updates }) => `${first}: ${PaxosMember.texts(updates)}`);
}

describe("P1: Shift_to_Prepare_Phase", () => {
  test("the promise is stored before Prepare leaves, and before the own answer counts", () => {
    const member = new PaxosMember({ members: "a" });
    member.tick();
    expect(member.records).toEqual([{ kind: "view", view: view(1) }]);
    expect(member.state.role).toBe("preparing");

    member.flush();
    expect(member.state.role).toBe("leader");
  });

  test("Prepare is sent again to who has not answered", () => {
    const member = new PaxosMember({ members: "abcde" });
    const own = member.prepare();
    member.answer("b", own);
    const words = member.tick(5);

    expect(only(words, "→").map((word) => word.slice(0, 3))).toEqual(["→ c", "→ d", "→ e"]);
  });
});

describe("P2, P3: the answer to Prepare", () => {
  const accepted: PaxosRecord = { kind: "accepted", view: view(1), first: 1, updates: [x, y] };

  test("leaves once the promise is durable, and says all that was accepted", () => {
    const member = new PaxosMember({ records: [accepted] });
    const words = member.receive("c", { kind: "prepare", view: view(2) });

    expect(only(words, "store", "→")).toEqual([
      "store view 0.2",
      '→ c e0 a0 prepareOk 0.2 1/1: 1@1 "x" in 0.1, 2@1 "y" in 0.1',
    ]);
  });

  test("is built anew each time it is asked for", () => {
    const member = new PaxosMember({ records: [accepted] });
    member.receive("c", { kind: "prepare", view: view(2) });
    member.receive("b", { kind: "reconcileData", first: 1, updates: [x] });
    const words = member.receive("c", { kind: "prepare", view: view(2) });

    expect(only(words, "→")).toEqual(['→ c e0 a1 prepareOk 0.2 1/1: 1@1 "x" ordered, 2@1 "y" in 0.1']);
  });

  test("does not say what the asker has ordered", () => {
    const member = new PaxosMember({ records: [accepted, { kind: "ordered", through: 1 }] });
    const words = member.receive("c", { kind: "prepare", view: view(2), aru: 1 });

    expect(only(words, "→")).toEqual(['→ c e0 a1 prepareOk 0.2 1/1: 2@1 "y" in 0.1']);
  });

  test("comes in parts when it is long, none left out", () => {
    const member = new PaxosMember({ records: [accepted], options: { runBytesMax: 300 } });
    const words = member.receive("c", { kind: "prepare", view: view(2) });

    expect(only(words, "→").map((word) => word.slice(20))).toEqual([
      '0.2 1/2: 1@1 "x" in 0.1',
      '0.2 2/2: 2@1 "y" in 0.1',
    ]);
  });
});

describe("P4: a quorum has answered", () => {
  test("an answer in parts counts when all parts of one build have come", () => {
    const member = new PaxosMember();
    const own = member.prepare();
    const part = { kind: "prepareOk", view: own, parts: 2, reports: [] } as const;
    member.receive("b", { ...part, build: 1, part: 0 });
    member.receive("b", { ...part, build: 2, part: 1 }); // of another build
    expect(member.state.role).toBe("preparing");

    member.receive("b", { ...part, build: 2, part: 0 });
    expect(member.state.role).toBe("leader");
  });

  test("answers for another view do not count", () => {
    const member = new PaxosMember();
    member.prepare();
    member.answer("b", view(1));

    expect(member.state.role).toBe("preparing");
  });

  test("one member of five is no quorum", () => {
    const member = new PaxosMember({ members: "abcde" });
    const own = member.prepare();
    member.answer("b", own);
    expect(member.state.role).toBe("preparing");

    member.answer("c", own);
    expect(member.state.role).toBe("leader");
  });
});

describe("P5: what an answerer has ordered is only learned", () => {
  test("it prepares on until it has that, too", () => {
    const member = new PaxosMember();
    const own = member.prepare();
    const words = member.answer("b", own, [], 2);
    expect(only(words, "⇢ b")).toEqual(["⇢ b e0 a0 reconcile from 1"]);
    expect(member.state.role).toBe("preparing");

    member.receive("b", { kind: "reconcileData", first: 1, updates: [x, y], aru: 2 });
    expect(member.state.role).toBe("leader");
    member.propose(1, "new");
    expect(proposed(member)).toEqual(["3: new"]);
  });
});

describe("P6: what is proposed in a place", () => {
  test("the update of the highest view in which anything was accepted there", () => {
    const member = new PaxosMember({ members: "abcde" });
    const own = member.prepare();
    member.answer("b", own, [report(1, view(1), x)]);
    member.answer("c", own, [report(1, view(2), y)]);

    expect(proposed(member)).toEqual(["1: y"]);
  });

  test("what is ordered counts more than any view", () => {
    const member = new PaxosMember();
    member.lead([report(1, 0, x), report(2, view(1), y)]);

    expect(member.state.history.aru).toBe(1);
    expect(proposed(member)).toEqual(["2: y"]);
  });

  test("no-ops in gaps, and never a client's update", () => {
    const member = new PaxosMember();
    const own = member.prepare();
    member.propose(1, "own"); // no leader is known: refused
    member.answer("b", own, [report(3, view(1), z)]);

    expect(proposed(member)).toEqual(["1: - - z"]);
  });

  test("of an update accepted in two places, only the one of the higher view", () => {
    const member = new PaxosMember({ members: "abcde" });
    const own = member.prepare();
    member.answer("b", own, [report(1, view(1), x)]);
    member.answer("c", own, [report(2, view(2), x)]);

    expect(proposed(member)).toEqual(["1: - x"]);
  });

  test("also when that one stands first", () => {
    const member = new PaxosMember({ members: "abcde" });
    const own = member.prepare();
    member.answer("b", own, [report(1, view(2), x)]);
    member.answer("c", own, [report(2, view(1), x)]);

    expect(proposed(member)).toEqual(["1: x -"]);
  });

  test("none that is ordered elsewhere already", () => {
    const learned: PaxosRecord = { kind: "learned", first: 1, updates: [x] };
    const member = new PaxosMember({ records: [learned] });
    member.lead([report(2, view(1), x), report(3, view(1), y)], 1);

    expect(proposed(member)).toEqual(["2: - y"]);
  });
});

describe("P7: Shift_to_Reg_Leader", () => {
  test("what is bound goes out before what is new, under the term of its first proposal", () => {
    const member = new PaxosMember();
    const own = member.lead([report(1, view(1), x)]);
    member.propose(1, "new");

    expect(proposed(member)).toEqual(["1: x", "2: new"]);
    const terms = member.records.flatMap((record) => (record.kind === "accepted" ? record.updates : []));
    expect(terms.map(({ term }) => term)).toEqual([1, own]);
  });

  test("an update that is bound is not queued a second time", () => {
    const member = new PaxosMember();
    member.lead([report(1, view(1), x)]);
    member.receive("b", { kind: "clientUpdate", updates: [x, y], hops: 1 });

    expect(proposed(member)).toEqual(["1: x", "2: y"]);
  });

  test("a no-op that was accepted is proposed as it was", () => {
    const member = new PaxosMember();
    member.lead([report(1, view(2), noop(view(2)))]);

    expect(member.records.at(-1)).toMatchObject({ kind: "accepted", updates: [noop(view(2))] });
  });
});
