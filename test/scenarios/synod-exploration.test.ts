import { describe, expect, test } from "vitest";
import type { Vote } from "../../src/protocols/synod/acceptor.ts";
import {
  type Bounds,
  type Explorable,
  explorableSynod,
  type Finding,
  type SynodLimits,
  type SynodTerms,
} from "../../src/simulator/index.ts";
import { explore, stepping } from "../support/exploration.ts";

const limits: SynodLimits = { members: 3, proposers: 2, ballots: 2 };
type Spoil = (explorable: Explorable<SynodTerms>) => Explorable<SynodTerms>;

function find(some: Partial<SynodLimits & Bounds>, spoil: Spoil = (explorable) => explorable): Finding {
  return explore(spoil(explorableSynod({ ...limits, ...some })), some);
}

const step = stepping<SynodTerms>;

/** Mistakes made from outside, each with what is found first, and in how few steps. */
const mistakes: readonly (readonly [string, Spoil, string, number])[] = [
  [
    "an acceptor that forgets what it promised",
    step((core, input, out) => {
      core.step([input], 0, out);
      core.inspect().acceptor.promised = undefined;
    }),
    "one value is chosen",
    8,
  ],
  [
    "a promise that does not tell the vote",
    step((core, input, out) => {
      const send = (to: string, message: SynodTerms["message"]) =>
        out.send(to, message.kind === "promise" ? { ...message, accepted: undefined } : message);
      core.step([input], 0, { ...out, send });
    }),
    "one value is chosen",
    8,
  ],
  [
    "a vote for another value than the ballot's",
    step((core, input, out) => {
      core.step([input], 0, out);
      const { acceptor } = core.inspect();
      if (input.kind === "receive" && input.message.kind === "accept" && acceptor.accepted !== undefined) {
        acceptor.accepted = { ...acceptor.accepted, value: "another" } satisfies Vote<string>;
      }
    }),
    "a ballot stands for one value",
    4,
  ],
];

describe("the synod", { timeout: 60_000 }, () => {
  test.each<[Partial<SynodLimits & Bounds>, number]>([
    [{ proposers: 3, ballots: 1 }, 100_000],
    [{ ballots: 1, duplicates: 1 }, 10_000],
    [{ members: 4, ballots: 1 }, 10_000],
  ])("with %j is explored wholly, and one value is chosen", (some, states) => {
    const finding = find(some);

    expect(finding).toMatchObject({ complete: true, bound: undefined, violation: undefined, waiting: 0 });
    expect(finding.states).toBeGreaterThan(states);
  });

  test("acceptors that do not propose are interchangeable", () => {
    const some = { members: 4, ballots: 1 };
    const one = find(some);
    const all = find({ ...some, symmetry: false });

    expect([one.complete, all.complete, one.depth]).toEqual([true, true, all.depth]);
    expect(all.states).toBeLessThanOrEqual(2 * one.states);
    expect(all.states).toBeGreaterThan(1.5 * one.states);
  });

  test.each(mistakes)("%s is found", (_, spoil, claim, steps) => {
    const { violation } = find({}, spoil);

    expect(violation?.claim).toContain(claim);
    expect(violation?.trace).toHaveLength(steps);
  });
});
