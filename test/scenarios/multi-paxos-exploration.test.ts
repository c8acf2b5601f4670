import { describe, expect, test } from "vitest";
import type { NodeId } from "../../src/base/ids.ts";
import type { Outbox } from "../../src/protocols/core.ts";
import type { PaxosMessage, PaxosState, PaxosVocabulary } from "../../src/protocols/multi-paxos/index.ts";
import {
  type Bounds,
  type Explorable,
  explorablePaxos,
  type Finding,
  type PaxosLimits,
  type PaxosTerms,
  paxosScenarios,
} from "../../src/simulator/index.ts";
import { explore, stepping } from "../support/exploration.ts";

type Some = Partial<PaxosLimits & Bounds>;
type Spoil = (explorable: Explorable<PaxosTerms>) => Explorable<PaxosTerms>;

function find(scenario: string, some: Some, spoil: Spoil = (explorable) => explorable): Finding {
  const { limits, bounds } = paxosScenarios[scenario] ?? expect.fail(`there is no scenario ${scenario}`);
  return explore(spoil(explorablePaxos({ ...limits, ...some })), { ...bounds, states: 1_000_000, ...some });
}

/** As large as takes a second or two; what `quorate explore` does by default is explored in test/long. */
const small: readonly (readonly [scenario: string, some: Some, states: number])[] = [
  ["views", { views: 2, proposals: 1, disk: "fast" }, 30_000],
  ["order", { proposals: 1 }, 7000],
  ["order", { disk: "fast" }, 40_000],
  ["snapshot", { proposals: 1, questions: 1, order: "sent" }, 80_000],
  ["replace", { proposals: 0, questions: 1, crashes: 0, order: "sent" }, 9000],
  ["read", {}, 20_000],
  ["order", { proposals: 1, acceptsTo: "all" }, 25_000],
  ["elections", { proofs: 0, order: "sent" }, 50_000],
];

describe("multi-paxos", { timeout: 120_000 }, () => {
  test.each(small)("%s with %j is explored wholly, and every promise holds", (scenario, some, states) => {
    const finding = find(scenario, some);

    expect(finding).toMatchObject({ complete: true, bound: undefined, violation: undefined, waiting: 0 });
    expect(finding.states).toBeGreaterThan(states);
  });

  test("with renaming, a world stands for up to as many as there are orders of those who lead no view", () => {
    const some = { views: 1, proposals: 1, start: "new", crashes: 1, disk: "fast" } as const;
    const one = find("views", some);
    const all = find("views", { ...some, symmetry: false });

    expect([one.complete, all.complete, one.depth]).toEqual([true, true, all.depth]);
    expect(all.states).toBeLessThanOrEqual(2 * one.states);
    expect(all.states).toBeGreaterThan(1.8 * one.states);
  });

  test("the same states of members come up when spent messages stay on their way", () => {
    const some = { proposals: 1, reads: 0 } as const;
    const dropped = find("read", some);
    const kept = find("read", some, (explorable) => ({ ...explorable, isSpent: () => false }));

    expect([dropped.complete, kept.complete]).toEqual([true, true]);
    expect(kept.localStates).toBe(dropped.localStates);
    expect(kept.states).toBeGreaterThan(dropped.states);
  });
});

const step = stepping<PaxosTerms>;

function ahead(out: Outbox<PaxosVocabulary>, kind: PaxosMessage["kind"]): Outbox<PaxosVocabulary> {
  const send = (to: NodeId, message: PaxosMessage): void =>
    message.kind === kind ? out.sendAhead(to, message) : out.send(to, message);
  return { ...out, send };
}

/** Mistakes made from outside, each with what is found first, and in how few steps. */
const mistakes: readonly (readonly [string, Spoil, string, Some, string, number])[] = [
  [
    "an answer to Prepare before the promise is stored",
    step((core, input, out) => core.step([input], 0, ahead(out, "prepareOk"))),
    "views",
    {},
    "a promise is stored before it is given: c of 0.1",
    3,
  ],
  [
    "an answer to Prepare that does not say what was accepted",
    step((core, input, out) => {
      const send = (to: NodeId, message: PaxosMessage): void =>
        out.send(to, message.kind === "prepareOk" ? { ...message, reports: [] } : message);
      core.step([input], 0, { ...out, send });
    }),
    "order",
    { proposals: 1, disk: "fast" },
    "a leader knows what was chosen in earlier views: b in 0.2",
    9,
  ],
  [
    "a read that no round has confirmed",
    step((core, input, out) => {
      const state = core.inspect() as PaxosState;
      core.step([input], 0, out);
      if (input.kind !== "request" || input.request.kind !== "barrier" || state.leadership === undefined) return;
      for (const peer of state.leadership.progress.values()) peer.round = state.leadership.round;
      core.step([], 0, out);
    }),
    "read",
    {},
    "a read sees all that was ordered when it was asked: up to 0, not 1",
    11,
  ],
];

describe("a mistake is found:", { timeout: 120_000 }, () => {
  test.each(mistakes)("%s", (_, spoil, scenario, some, claim, steps) => {
    const { violation } = find(scenario, some, spoil);

    expect(violation?.claim).toContain(claim);
    expect(violation?.trace).toHaveLength(steps);
  });
});
