import { describe, expect, test } from "vitest";
import type { GossipMessage, GossipState } from "../../src/protocols/gossip/index.ts";
import {
  type Bounds,
  type Explorable,
  explorableGossip,
  type Finding,
  type GossipLimits,
  type GossipTerms,
  gossipScenarios,
} from "../../src/simulator/index.ts";
import { explore, stepping } from "../support/exploration.ts";

type Some = Partial<GossipLimits & Bounds>;
type Spoil = (explorable: Explorable<GossipTerms>) => Explorable<GossipTerms>;

function find(scenario: string, some: Some, spoil: Spoil = (explorable) => explorable): Finding {
  const { limits, bounds } = gossipScenarios[scenario] ?? expect.fail(`there is no scenario ${scenario}`);
  return explore(spoil(explorableGossip({ ...limits, ...some })), { ...bounds, states: 1_000_000, ...some });
}

/** As large as takes a second or two; the defaults of `quorate explore` are explored in test/long. */
const small: readonly (readonly [scenario: string, some: Some, states: number])[] = [
  ["line", { rumours: 1, probes: 1 }, 40_000],
  ["line", { rumours: 1, cuts: 0, topology: "full" }, 20],
  ["ring", { rumours: 1, order: "any" }, 1000],
  ["star", { rumours: 0, probes: 1 }, 7000],
  ["star", { rumours: 2, cuts: 0 }, 900],
  ["restart", { rumours: 1, order: "any" }, 70_000],
  ["repeats", { rumours: 1, repeats: 2 }, 10_000],
  ["line", { rumours: 1, cuts: 0, syncs: 2 }, 100],
];

describe("gossip", { timeout: 120_000 }, () => {
  test.each(small)("%s with %j is explored wholly, and every promise holds", (scenario, some, states) => {
    const finding = find(scenario, some);

    expect(finding).toMatchObject({ complete: true, bound: undefined, violation: undefined, waiting: 0 });
    expect(finding.states).toBeGreaterThan(states);
  });

  test("the same states of members come up when spent messages stay on their way", () => {
    const some = { rumours: 1, repeats: 2 };
    const calm: Spoil = ({ rest: _, ...explorable }) => explorable;
    const dropped = find("repeats", some, calm);
    const { states, localStates, complete } = find("repeats", some, (explorable) => ({
      ...calm(explorable),
      isSpent: () => false,
    }));

    expect([dropped.complete, complete]).toEqual([true, true]);
    expect(localStates).toBe(dropped.localStates);
    expect(states).toBeGreaterThan(dropped.states);
  });
});

const step = stepping<GossipTerms>;

/** Mistakes made from outside, each with what is found first, and in how few steps. */
const mistakes: readonly (readonly [string, Spoil, string, Some, string, number])[] = [
  [
    "a sent batch that counts as received",
    step((core, input, out) => {
      core.step([input], 0, out);
      for (const peer of (core.inspect() as GossipState).peers.values()) {
        for (const { holds } of peer.flights) for (const [origin, ranges] of holds) peer.theirs.set(origin, ranges);
      }
    }),
    "line",
    { rumours: 1, cuts: 0 },
    "a peer is believed to know only what it knows",
    1,
  ],
  [
    "what a peer knew in an earlier life",
    step((core, input, out) => {
      const state = core.inspect() as GossipState;
      const before = new Map([...state.peers].map(([id, peer]) => [id, { ...peer, theirs: new Map(peer.theirs) }]));
      core.step([input], 0, out);
      for (const { id, incarnation, theirs } of state.peers.values()) {
        const old = before.get(id);
        if (old === undefined || old.incarnation < 0 || old.incarnation === incarnation) continue;
        for (const [origin, ranges] of old.theirs) theirs.set(origin, ranges);
      }
    }),
    "restart",
    { rumours: 1 },
    "a group at rest says nothing but signs of life: a says ack, cover",
    3,
  ],
  [
    "payloads that are forgotten when they are delivered",
    step((core, input, out) => {
      core.step([input], 0, out);
      const { store } = core.inspect() as GossipState;
      store.unstable.clear();
      store.unstableBytes = 0;
    }),
    "line",
    { rumours: 1, cuts: 0 },
    "only what everyone had may be forgotten",
    1,
  ],
  [
    "a lost peer that nobody asks for",
    step((core, input, out) => {
      const send = (to: string, message: GossipMessage): void => {
        const isProbe = message.kind === "digest" && message.asks && core.inspect().peers.get(to)?.isDown === true;
        if (!isProbe) out.send(to, message);
      };
      core.step([input], 0, { ...out, send });
    }),
    "line",
    { rumours: 0 },
    "a group comes to rest",
    1,
  ],
  [
    "an answer to every hash",
    step((core, input, out) => {
      core.step([input], 0, out);
      if (input.kind === "receive" && input.message.kind === "digest") out.send(input.from, input.message);
    }),
    "line",
    { rumours: 0, cuts: 0, syncs: 1 },
    "answers come to an end",
    0,
  ],
  [
    "a digest that is not compared",
    step((core, input, out) => {
      const isDigest = input.kind === "receive" && input.message.kind === "digest" && input.message.knows !== undefined;
      if (!isDigest) core.step([input], 0, out);
    }),
    "restart",
    { rumours: 1 },
    "a group at rest says nothing but signs of life: a says digest",
    1,
  ],
];

describe("a mistake is found:", { timeout: 120_000 }, () => {
  test.each(mistakes)("%s", (_, spoil, scenario, some, claim, steps) => {
    const { violation } = find(scenario, some, spoil);

    expect(violation?.claim).toContain(claim);
    expect(violation?.trace).toHaveLength(steps);
  });
});
