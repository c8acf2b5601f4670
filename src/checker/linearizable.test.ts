import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as universe from "../../test/support/histories.ts";
import { bruteForce, histories, isExplanation, type Universe } from "../../test/support/histories.ts";
import {
  type Counterexample,
  checkLinearizable,
  type History,
  kvModel,
  logModel,
  MalformedError,
  type Operation,
  queueModel,
  type RegisterCall,
  type RegisterResult,
  registerModel,
  setModel,
  stackModel,
  type Value,
} from "./index.ts";

type RegisterOperation = Operation<RegisterCall, RegisterResult>;

describe.each<[string, () => void]>([
  [
    "register",
    () =>
      agreesWithBruteForce({ model: registerModel, calls: universe.registerCalls, results: universe.registerResults }),
  ],
  ["kv", () => agreesWithBruteForce({ model: kvModel, calls: universe.kvCalls, results: universe.kvResults })],
  [
    "stack",
    () => agreesWithBruteForce({ model: stackModel, calls: universe.stackCalls, results: universe.stackResults }),
  ],
  [
    "queue",
    () => agreesWithBruteForce({ model: queueModel, calls: universe.queueCalls, results: universe.queueResults }),
  ],
  ["set", () => agreesWithBruteForce({ model: setModel, calls: universe.setCalls, results: universe.setResults })],
  ["log", () => agreesWithBruteForce({ model: logModel, calls: universe.logCalls, results: universe.logResults })],
])("%s", (_name, properties) => {
  test("a verdict is what trying all orders gives, and shows why; a long real run is linearizable", properties, 60_000);
});

function agreesWithBruteForce<State, Call, Result>(given: Universe<State, Call, Result>): void {
  let violations = 0;
  fc.assert(
    fc.property(histories(given, { countMax: 7, isSpoilt: true }), (history) => {
      const expected = bruteForce(history, given.model);
      const verdict = checkLinearizable(history, given.model);
      expect(verdict.kind).toBe(expected ? "ok" : "violation");
      if (verdict.kind === "ok") {
        const [{ order } = { order: [] }] = verdict.parts;
        expect(isExplanation(order, history, given.model)).toBe(true);
      }
      if (verdict.kind === "violation") {
        violations++;
        const few = verdict.counterexample();
        expect(bruteForce(few.calls, given.model)).toBe(false);
        expect(few.calls.length).toBeLessThanOrEqual(history.length);
        expect(few.calls).toContain(few.stuck);
        expect(few.order).not.toContain(few.stuck);
        expect(bruteForce(withHelpers(few, history), given.model), "what is left out does not help").toBe(false);
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 400) },
  );
  expect(violations).toBeGreaterThan(20);
  fc.assert(
    fc.property(histories(given, { countMax: 60, isSpoilt: false }), (history) => {
      const verdict = checkLinearizable(history, given.model, { stepsMax: 10_000 });
      expect(verdict.kind).not.toBe("violation");
    }),
    { numRuns: Number(process.env.RUNS ?? 400) },
  );
}

test("many calls without an answer are used in every way that trying all orders uses them", () => {
  const given = {
    model: registerModel,
    calls: universe.registerCalls.filter(({ kind }) => kind !== "write"),
    results: universe.registerResults,
  };
  const writes: Universe<Value, RegisterCall, RegisterResult> = { ...given, calls: universe.registerCalls };
  for (const lossy of [given, writes]) {
    fc.assert(
      fc.property(histories(lossy, { countMax: 8, isSpoilt: true, isLossy: true }), (history) => {
        const verdict = checkLinearizable(history, registerModel);

        expect(verdict.kind).toBe(bruteForce(history, registerModel) ? "ok" : "violation");
      }),
      { numRuns: Number(process.env.RUNS ?? 400) },
    );
  }
}, 60_000);

/** A counterexample with all that it leaves out, free to take effect at any time. */
function withHelpers<Call, Result>(
  { calls, stuck }: Counterexample<Call, Result>,
  history: History<Call, Result>,
): History<Call, Result> {
  const helpers = history.filter((each) => !calls.includes(each) && each.calledAt <= (stuck.returnedAt ?? 0));
  return [...calls, ...helpers.map((each) => ({ ...each, calledAt: -1000, result: undefined, returnedAt: undefined }))];
}

test("calls at equal times are concurrent: the order that explains them is taken", () => {
  const history = [operation("a", { kind: "write", value: 1 }, 0, { kind: "written" }, 5), read("b", 5, null, 9)];

  const together = checkLinearizable(history, registerModel);
  const apart = checkLinearizable([...history.slice(0, 1), read("b", 6, null, 9)], registerModel);

  expect([together.kind, apart.kind]).toEqual(["ok", "violation"]);
});

test("a call without an answer may take effect long after it was given up, and never before it was called", () => {
  const lost: RegisterOperation = {
    client: "a",
    call: { kind: "write", value: 1 },
    calledAt: 10,
    result: undefined,
    returnedAt: undefined,
  };

  const late = checkLinearizable([lost, read("b", 20, null, 21), read("b", 90, 1, 91)], registerModel);
  const never = checkLinearizable([lost, read("b", 20, null, 21), read("b", 90, null, 91)], registerModel);
  const early = checkLinearizable([lost, read("b", 5, 1, 9)], registerModel);
  const twice = checkLinearizable(
    [
      lost,
      read("b", 20, 1, 21),
      operation("b", { kind: "write", value: 2 }, 22, { kind: "written" }, 23),
      read("b", 24, 1, 25),
    ],
    registerModel,
  );

  expect([late.kind, never.kind, early.kind, twice.kind]).toEqual(["ok", "ok", "violation", "violation"]);
});

test.each<[string, Partial<RegisterOperation>]>([
  ["returned at 3, before it was called at 4", { calledAt: 4 }],
  ["was called at 0.5, which is no whole number", { calledAt: 0.5 }],
  ["was called at NaN, which is no whole number", { calledAt: Number.NaN }],
  ["returned at Infinity, which is no whole number", { returnedAt: Number.POSITIVE_INFINITY }],
  ["has a result and no time of return", { returnedAt: undefined }],
  ["has a time of return and no result", { result: undefined }],
])("a history that cannot have happened is refused: %s", (problem, change) => {
  const history = [read("a", 1, null, 3), { ...read("b", 1, null, 3), ...change }];

  const check = () => checkLinearizable(history, registerModel);

  expect(check).toThrow(MalformedError);
  expect(check).toThrow(`malformed input: call 2 of the history, by b, ${problem}`);
});

function read(client: string, calledAt: number, value: Value, returnedAt: number): RegisterOperation {
  return operation(client, { kind: "read" }, calledAt, { kind: "value", value }, returnedAt);
}

function operation(
  client: string,
  call: RegisterCall,
  calledAt: number,
  result: RegisterResult,
  returnedAt: number,
): RegisterOperation {
  return { client, call, calledAt, result, returnedAt };
}
