import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { majority } from "../quorum/majority.ts";
import { type Acceptor, accept, newAcceptor, promise } from "./acceptor.ts";
import { type Attempt, boundValue, countVote, newAttempt, type Promised, propose } from "./attempt.ts";
import { type Ballot, compareBallots } from "./ballot.ts";

const ballot = fc.record({ round: fc.integer({ min: 1, max: 4 }), node: fc.constantFrom("a", "b", "c") });

describe("ballots", () => {
  test("are in a total order, by round and then by node", () => {
    fc.assert(
      fc.property(ballot, ballot, (one, other) => {
        const isSame = one.round === other.round && one.node === other.node;
        expect(compareBallots(one, other) === 0).toBe(isSame);
        expect(Math.sign(compareBallots(one, other))).toBe(0 - Math.sign(compareBallots(other, one)));
        if (one.round < other.round) expect(compareBallots(one, other)).toBeLessThan(0);
      }),
    );
  });
});

describe("an acceptor", () => {
  test("heeds no lower ballot than it promised, and no lower one than it voted in", () => {
    const acceptor = newAcceptor<string>();
    expect(promise(acceptor, { round: 2, node: "b" })).toBe(true);
    expect(promise(acceptor, { round: 2, node: "a" })).toBe(false);
    expect(accept(acceptor, { round: 1, node: "c" }, "x")).toBe(false);

    expect(accept(acceptor, { round: 3, node: "a" }, "y")).toBe(true);
    expect(promise(acceptor, { round: 2, node: "c" })).toBe(false);
    expect(acceptor.accepted).toEqual({ ballot: { round: 3, node: "a" }, value: "y" });
  });
});

describe("an attempt", () => {
  const vote = (round: number, value: string) => ({ accepted: { ballot: { round, node: "a" }, value } });

  test("is bound by the vote of the highest ballot, or free if nobody has voted", () => {
    const attempt = newAttempt<string, Promised<string>>({ round: 9, node: "c" });
    attempt.promises.set("a", { accepted: undefined });
    expect(boundValue(attempt)).toBeUndefined();
    attempt.promises.set("b", vote(4, "newer"));
    attempt.promises.set("c", vote(3, "older"));

    expect(boundValue(attempt)).toBe("newer");
  });

  test("proposes one value", () => {
    const attempt = newAttempt<string, Promised<string>>({ round: 1, node: "a" });
    propose(attempt, "x");

    expect(() => propose(attempt, "y")).toThrow("a ballot has one value");
  });

  test("has its value chosen once, by votes that count once", () => {
    const attempt = newAttempt<string, Promised<string>>({ round: 1, node: "a" });

    expect(["a", "a", "b", "c"].map((node) => countVote(attempt, node, 2))).toEqual([false, false, true, false]);
  });
});

/** Three acceptors and two proposers; messages are taken in any order, or never. */
class World {
  readonly acceptors = new Map(["a", "b", "c"].map((node) => [node, newAcceptor<string>() as Acceptor<string>]));
  readonly attempts: Attempt<string, Promised<string>>[] = [];
  readonly chosen = new Set<string>();

  /** One thing happens: an attempt begins, or one acceptor hears one attempt and is heard. */
  step(kind: number, at: number, node: string): void {
    const attempt = this.attempts[at % Math.max(1, this.attempts.length)];
    if (kind === 0 || attempt === undefined) this.#begin(node);
    else if (attempt.value === undefined) this.#ask(attempt, node);
    else this.#propose(attempt, attempt.value, node);
  }

  #begin(node: string): void {
    const mine: Ballot = { round: this.attempts.length + 1, node };
    if (this.attempts.length < 4) this.attempts.push(newAttempt(mine));
  }

  #ask(attempt: Attempt<string, Promised<string>>, node: string): void {
    const acceptor = this.acceptors.get(node);
    if (acceptor === undefined || !promise(acceptor, attempt.ballot)) return;
    attempt.promises.set(node, { accepted: acceptor.accepted });
    if (attempt.promises.size < majority(3)) return;
    propose(attempt, boundValue(attempt) ?? `value of ${attempt.ballot.round}`);
  }

  #propose(attempt: Attempt<string, Promised<string>>, value: string, node: string): void {
    const acceptor = this.acceptors.get(node);
    if (acceptor === undefined || !accept(acceptor, attempt.ballot, value)) return;
    if (countVote(attempt, node, majority(3))) this.chosen.add(value);
  }
}

test("whatever is lost and whoever is first, at most one value is chosen", () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.constantFrom("a", "b", "c")), { maxLength: 40 });
  let decisions = 0;
  fc.assert(
    fc.property(steps, (list) => {
      const world = new World();
      for (const [kind, at, node] of list) world.step(kind, at, node);
      decisions += world.chosen.size;
      expect(world.chosen.size).toBeLessThanOrEqual(1);
    }),
    { numRuns: 3000 },
  );
  expect(decisions).toBeGreaterThan(100); // a world in which nothing is decided shows nothing
});
