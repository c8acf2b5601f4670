import { describe, expect, test } from "vitest";
import type { TotalOrderMessage, TotalOrderState } from "../../src/protocols/total-order/index.ts";
import {
  type Bounds,
  type Explorable,
  explorableTotalOrder,
  type Finding,
  type TotalOrderLimits,
  type TotalOrderTerms,
  totalOrderScenarios,
} from "../../src/simulator/index.ts";
import { explore, stepping } from "../support/exploration.ts";

type Some = Partial<TotalOrderLimits & Bounds>;
type Spoil = (explorable: Explorable<TotalOrderTerms>) => Explorable<TotalOrderTerms>;

function find(scenario: string, some: Some, spoil: Spoil = (explorable) => explorable): Finding {
  const { limits, bounds } = totalOrderScenarios[scenario] ?? expect.fail(`there is no scenario ${scenario}`);
  const explorable = explorableTotalOrder({ ...limits, ...some });
  return explore(spoil(explorable), { ...bounds, states: 1_000_000, ...some });
}

/** As large as takes a second or two; the defaults of `quorate explore` are explored in test/long. */
const small: readonly (readonly [scenario: string, some: Some, states: number])[] = [
  ["links", { multicasts: 3 }, 20_000],
  ["order", { multicasts: 2, order: "any" }, 10_000],
  ["order", { multicasts: 2, delivery: "agreed", order: "any" }, 4000],
  ["view-change", { multicasts: 0, attempts: 1, crashes: 1, order: "sent" }, 1000],
  ["join", { leaves: 0 }, 150_000],
  ["join", { multicasts: 0 }, 20_000],
  ["join", { seekers: 0, leaves: 2, attempts: 2 }, 10_000],
  ["founding", { seekers: 2, attempts: 2 }, 20_000],
];

describe("total order", { timeout: 120_000 }, () => {
  test.each(small)("%s with %j is explored wholly, and every promise holds", (scenario, some, states) => {
    const finding = find(scenario, some);

    expect(finding).toMatchObject({ complete: true, bound: undefined, violation: undefined, waiting: 0 });
    expect(finding.states).toBeGreaterThan(states);
  });

  test("the same states of members come up when spent messages, and echoes, stay on their way", () => {
    for (const scenario of ["view-change", "join"]) {
      const some = { multicasts: 0, attempts: 1, leaves: 0 };
      const dropped = find(scenario, some);
      const { states, localStates, complete } = find(scenario, some, ({ isEcho: _, ...explorable }) => ({
        ...explorable,
        isSpent: () => false,
      }));

      expect([dropped.complete, complete]).toEqual([true, true]);
      expect(localStates).toBe(dropped.localStates);
      expect(states).toBeGreaterThan(dropped.states);
    }
  });

  test("seeds that forget what they promised found two groups, and the way there is told", () => {
    const some = { memory: "lost", applications: 1, attempts: 2, order: "sent" } as const;
    const { violation } = find("founding", some);

    expect(violation?.claim).toMatch(/one group is founded: [abc]#1, where [abc]#1 was/);
    expect(violation?.trace).toHaveLength(12);
    expect(violation?.trace.join("\n")).toContain("crashes; it starts again");
    expect(violation?.sequel?.at(-1)).toMatch(/enters [abc]#1\/1: /);
  });
});

const step = stepping<TotalOrderTerms>;

/** A message that claims to be of the receiver's present view. */
function brought(state: Readonly<TotalOrderState>, message: TotalOrderMessage): TotalOrderMessage {
  const { group, number } = state.view;
  return { ...message, stamp: { ...message.stamp, group, view: number } };
}

/** Mistakes made from outside, each with what is found first, and in how few steps. */
const mistakes: readonly (readonly [string, Spoil, string, Some, string, number])[] = [
  [
    "a clock that counts before the frames that were sent before it",
    step((core, input, out) => {
      core.step([input], 0, out);
      for (const peer of (core.inspect() as TotalOrderState).peers) peer.heard = peer.pending?.clock ?? peer.heard;
    }),
    "order",
    { multicasts: 2, order: "any" },
    "who is heard up to a time has no frame before it that is not here",
    3,
  ],
  [
    "frames forgotten when they are delivered",
    step((core, input, out) => {
      core.step([input], 0, out);
      for (const peer of (core.inspect() as TotalOrderState).peers) {
        while (peer.forgotten < peer.delivered) peer.frames.delete(++peer.forgotten);
      }
    }),
    "order",
    { multicasts: 2, order: "any" },
    "only what all hold is forgotten",
    2,
  ],
  [
    "a statement without a frame that is answered by another",
    step((core, input, out) => {
      core.step([input], 0, out);
      if (input.kind === "receive" && input.message.kind === "null") out.send(input.from, input.message);
    }),
    "links",
    { multicasts: 1, repeats: 0, duplicates: 0 },
    "a statement without a frame is not answered",
    0,
  ],
  [
    "an applicant that is not taken notice of",
    step((core, input, out) => {
      if (input.kind !== "receive" || input.message.kind !== "join") core.step([input], 0, out);
    }),
    "join",
    { multicasts: 0, leaves: 0 },
    "who lives is in a view in the end: c is seeking",
    0,
  ],
  [
    "a member that does not stand still when it has promised",
    step((core, input, out) => {
      core.step([input], 0, out);
      (core.inspect() as TotalOrderState).synod.acceptor.promised = undefined;
    }),
    "view-change",
    { multicasts: 1, attempts: 1 },
    "a survivor's own frames are before the cut",
    4,
  ],
  [
    "a vote that is not told to who tries next",
    step((core, input, out) => {
      const isPromise = input.kind === "receive" && input.message.kind === "promise";
      core.step(
        [isPromise ? { ...input, message: { ...input.message, accepted: undefined } as never } : input],
        0,
        out,
      );
    }),
    "view-change",
    { multicasts: 0, attempts: 2 },
    "one decree ends a view",
    10,
  ],
  [
    "frames of a view that is over",
    step((core, input, out) => {
      const isData = input.kind === "receive" && input.message.kind === "data";
      core.step([isData ? { ...input, message: brought(core.inspect(), input.message) } : input], 0, out);
    }),
    "view-change",
    { multicasts: 1, attempts: 1 },
    "a message is delivered once (Integrity)",
    8,
  ],
  [
    "a newcomer that multicasts before it has the state",
    step((core, input, out) => {
      const state = core.inspect() as TotalOrderState;
      const isEarly = !state.restored && input.kind === "request" && input.request.kind === "multicast";
      if (isEarly) state.restored = true;
      core.step([input], 0, out);
      if (isEarly) state.restored = false;
    }),
    "join",
    { leaves: 0, attempts: 2 },
    "a multicast comes to one end",
    10,
  ],
];

describe("a mistake is found:", { timeout: 120_000 }, () => {
  test.each(mistakes)("%s", (_, spoil, scenario, some, claim, steps) => {
    const { violation } = find(scenario, some, spoil);

    expect(violation?.claim).toContain(claim);
    expect(violation?.trace).toHaveLength(steps);
  });
});
