import { expect, test } from "vitest";
import { fromUtf8, toUtf8 } from "../../base/text.ts";
import type { Model } from "../../checker/model.ts";
import { defineMachine } from "../../machines/machine.ts";
import type { Input, Outbox, Vocabulary } from "../../protocols/core.ts";
import type { Asked } from "../workloads/workload.ts";
import type { CoreOptions } from "./options.ts";
import { SimulationFailure } from "./report.ts";
import { replay, simulate } from "./simulate.ts";

interface Words extends Vocabulary {
  readonly message: "I lead";
  readonly request: number;
  readonly record: never;
  readonly output: never;
}

interface State {
  readonly leads: boolean;
  readonly silence: number;
}

/** Leads as soon as it has heard of no leader for a while: wrong, because a leader may just be out of reach. */
function impatient(id: string, members: readonly string[]) {
  const patience = 10 * (1 + members.indexOf(id));
  let state: State = { leads: false, silence: 0 };
  return {
    inspect: () => state,
    step: (inputs: readonly Input<Words>[], _now: number, out: Outbox<Words>) => {
      for (const { kind } of inputs) {
        if (kind === "receive") state = { leads: false, silence: 0 };
        if (kind !== "tick") continue;
        state = { leads: state.leads || state.silence >= patience, silence: state.silence + 1 };
        if (state.leads) for (const other of members) if (other !== id) out.send(other, "I lead");
      }
    },
  };
}

const twoLeaders: CoreOptions<Words, State> = {
  seeds: 100,
  members: 3,
  operations: 0,
  core: ({ id, members }) => impatient(id, members),
  workload: (chance) => chance.below(10),
  invariants: {
    "at most one member leads": ({ members }) => members.filter(({ isUp, state }) => isUp && state.leads).length <= 1,
  },
  leads: ({ leads }) => leads,
};

/** Simulations are work for a processor that may be busy otherwise. */
const patient = { timeout: 30_000 };

const counter = defineMachine({
  initial: () => ({ total: 0 }),
  apply: (state, command: { add: number }) => {
    state.total += command.add;
    return state.total;
  },
  query: (state) => state.total,
});

const additions = {
  command: (chance: { below(bound: number): number }) => ({ add: 1 + chance.below(9) }),
  question: (): void => undefined,
};

test(
  "a wrong core is found out, and the failure says which seed, what happened, and how to see it again",
  patient,
  async () => {
    const report = await simulate(twoLeaders);

    const [failure] = report.failures;
    expect(report.failures).toHaveLength(1);
    expect(report.runs).toBe(failure?.seed); // the first seed is 1, and it stops at a failure
    expect(() => report.assertOk()).toThrow(SimulationFailure);
    expect(() => report.assertOk()).toThrow(
      new RegExp(
        [
          `your core: seed ${failure?.seed} fails: .*at most one member leads`,
          "what happened: .*",
          "the smallest run that fails alike:",
          "  \\d members for \\d+ ms, then calm; messages take \\d+ to \\d+ ms.*",
          "(  at \\d+ ms: .*\n?)+to repeat the run: seeds: \\{ first: \\d+, count: 1 \\}",
          "to repeat the smallest one: replay\\(options, \\{.*\\}\\)$",
        ].join("\n"),
      ),
    );
  },
);

test(
  "the smallest run fails in the same way when it is replayed, and holds no more than it takes",
  patient,
  async () => {
    const { explanation, failures } = await simulate(twoLeaders);
    const plan = explanation?.plan;
    if (plan === undefined) throw new Error("a failure is explained");

    const report = await replay(twoLeaders, plan);

    expect(report.failures[0]?.claim).toBe(failures[0]?.claim);
    expect(() => report.assertOk()).toThrow(/^your core: the plan fails: .*\nwhat happened: .*$/);
    expect(plan.actions.length).toBeLessThanOrEqual(6);
    for (const left of plan.actions) {
      const less = await replay(twoLeaders, { ...plan, actions: plan.actions.filter((action) => action !== left) });
      expect(less.failures).toEqual([]);
    }
  },
);

test("a right core passes, and the same options do the same again", patient, async () => {
  const alone: CoreOptions<Words, State> = { ...twoLeaders, seeds: 20, members: 1 };

  const [one, again] = [await simulate(alone), await simulate(alone)];

  one.assertOk();
  expect(one.runs).toBe(20);
  expect(one.checkCount).toBeGreaterThan(1000);
  expect(one.faultCount).toBeGreaterThan(100);
  expect([again.digest, again.counts]).toEqual([one.digest, one.counts]);
});

test("what must be true in the end is waited for, and missed when it never comes", patient, async () => {
  const hopeful = { ...twoLeaders, seeds: 1, invariants: {}, faults: "none" } as const;

  const led = await simulate({
    ...hopeful,
    eventually: { "one leads": ({ members }) => members.some(({ state }) => state.leads) },
  });
  const unled = await simulate({
    ...hopeful,
    eventually: { "nobody leads": ({ members }) => !members.some(({ state }) => state.leads) },
  });

  led.assertOk();
  expect(unled.failures[0]?.claim).toContain("nobody leads");
});

test("a machine passes on Raft; its clients are answered through faults", patient, async () => {
  const report = await simulate({ seeds: 4, operations: 40, machine: counter, workload: additions });

  report.assertOk();
  expect(report.counts.answered).toBeGreaterThan(100);
  expect(report.faultCount).toBeGreaterThan(20);
});

test("a machine that breaks its own invariant is found out", patient, async () => {
  const invariants = { "the total stays small": ({ total }: { total: number }) => total < 20 || `it is ${total}` };

  const small = { seeds: 1, members: 3, operations: 12, faults: "none" } as const;
  const report = await simulate({ ...small, machine: counter, workload: additions, invariants });

  expect(report.failures[0]?.claim).toMatch(/the total stays small: it is \d+$/);
});

test("a machine that answers otherwise than its model is found out", patient, async () => {
  type Call = Asked<{ add: number }, void>;
  const model: Model<number, Call, number> = {
    name: "a counter that forgets every tenth",
    initial: 0,
    next: (total, call, result) => {
      const after = call.kind === "command" ? (total + call.command.add) % 10 : total;
      return result === undefined || result === after ? [after] : [];
    },
    key: String,
    describe: (call, result) => `${call.kind} -> ${result}`,
  };

  const report = await simulate({ seeds: 3, operations: 40, machine: counter, workload: { ...additions, model } });

  expect(report.failures[0]?.claim).toMatch(/linearizable/i);
});

test("a machine whose snapshot forgets something is found out", patient, async () => {
  const forgetful = defineMachine({
    initial: () => ({ total: 0, count: 0 }),
    apply: (state, { add }: { add: number }) => {
      state.total += add;
      return ++state.count;
    },
    snapshot: ({ total }) => toUtf8(String(total)),
    restore: (bytes) => ({ total: Number(fromUtf8(bytes)), count: 0 }),
  });

  const report = await simulate({ seeds: 20, members: 3, operations: 40, machine: forgetful, workload: additions });

  expect(report.failures).toHaveLength(1);
});

test("without faults the world is calm, and only faults that were named strike", patient, async () => {
  const none = await simulate({ protocol: "raft", seeds: 2, operations: 20, faults: "none" });
  const some = await simulate({ protocol: "raft", seeds: 10, operations: 20, faults: ["crash", "pause"] });

  none.assertOk();
  expect([none.faultCount, none.counts.messages]).toEqual([0, none.counts.delivered]);
  expect([...some.faults.keys()]).toEqual(["crash", "pause"]);
  expect(some.faultCount).toBeGreaterThan(0);
});

const refused: readonly (readonly [options: object, problem: string])[] = [
  [{ protocol: "raf" }, "option protocol: there is no raf; there are raft"],
  [{ protocol: "raft", workload: "kw" }, "option workload: there is no kw; there are kv, "],
  [{ protocol: "raft", faults: ["crash", "flod"] }, "option faults: there is no flod; there are crash, "],
  [{ protocol: "raft", members: 10 }, "option members: must be a whole number from 1 to 9"],
  [{ protocol: "raft", seeds: 0 }, "option seeds: must be a whole number from 1 to"],
  [{ protocol: "raft", operations: -1 }, "option operations: must be"],
  [{ protocol: "raft", core: () => undefined }, "give one of protocol, core and machine"],
  [{}, "give one of protocol, core and machine"],
  [{ core: 1, workload: () => 1, invariants: {} }, "option core: must be a function"],
  [{ core: () => 1, workload: () => 1, invariants: { odd: 1 } }, "option odd: must be a function"],
  [{ machine: {}, workload: { command: () => 1 } }, "option initial: must be a function"],
  [{ machine: counter, workload: () => 1 }, "option workload: must be an object"],
];

test.each(refused)("%j is refused: %s", async (options, problem) => {
  await expect(simulate(options as never)).rejects.toThrow(problem);
});
