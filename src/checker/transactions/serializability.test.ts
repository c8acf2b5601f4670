import fc from "fast-check";
import { expect, test } from "vitest";
import { type ConsistencyModel, judgeTransactions, type OperationEvent, type TransactionModel } from "../index.ts";

type Step = readonly [f: string, key: number, value: unknown];

interface Plan {
  readonly steps: readonly { readonly isRead: boolean; readonly key: number }[];
  readonly outcome: "ok" | "info" | "fail";
  /** How long it runs, and when it takes effect meanwhile. */
  readonly duration: number;
  readonly effect: number;
}

interface Done extends Plan {
  readonly answered: readonly Step[];
  readonly invokedAt: number;
  readonly completedAt: number;
}

const plans: fc.Arbitrary<readonly Plan[]> = fc.array(
  fc.record({
    steps: fc.array(fc.record({ isRead: fc.boolean(), key: fc.nat(1) }), { minLength: 1, maxLength: 3 }),
    outcome: fc.constantFrom("ok", "ok", "ok", "ok", "info", "fail"),
    duration: fc.integer({ min: 1, max: 6 }),
    effect: fc.nat(5),
  }),
  { minLength: 1, maxLength: 6 },
);

/**
 * Runs transactions one at a time in the order of their effects; `lags` let some see an older state, as a snapshot.
 *
 * With `isGuarded`, one that writes what has changed since its snapshot is aborted: that is snapshot isolation.
 */
function execute(
  model: TransactionModel,
  planned: readonly Plan[],
  lags: readonly number[] = [],
  isGuarded = false,
): Done[] {
  const states: ReadonlyMap<number, unknown>[] = [new Map()];
  let value = 0;
  const timed = planned.map((plan, at) => {
    const invokedAt = 2 * at + 0.001 * at;
    const takesEffectAt = invokedAt + (plan.duration * plan.effect) / 5.5;
    return { ...plan, invokedAt, completedAt: invokedAt + plan.duration, takesEffectAt };
  });
  const done = [...timed].sort((left, right) => left.takesEffectAt - right.takesEffectAt);
  return done.map((plan, at): Done => {
    const snapshot = states.at(-1 - Math.min(lags[at] ?? 0, states.length - 1));
    const state = new Map(snapshot);
    const written = new Map<number, (before: unknown) => unknown>();
    const answered = plan.steps.map(({ isRead, key }): Step => {
      if (isRead) return ["r", key, state.get(key) ?? null];
      const own = ++value;
      const apply = (before: unknown) => (model === "rw-register" ? own : [...((before as unknown[]) ?? []), own]);
      state.set(key, apply(state.get(key)));
      const earlier = written.get(key);
      written.set(key, (before) => apply(earlier === undefined ? before : earlier(before)));
      return [model === "rw-register" ? "w" : "append", key, own];
    });
    const next = new Map(states.at(-1));
    const isLate = isGuarded && [...written.keys()].some((key) => snapshot?.get(key) !== next.get(key));
    const outcome = isLate ? "fail" : plan.outcome;
    const happens = outcome === "ok" || (outcome === "info" && plan.effect % 2 === 0);
    if (happens) for (const [key, apply] of written) next.set(key, apply(next.get(key)));
    states.push(next);
    return { ...plan, outcome, answered };
  });
}

/** Each transaction is of a process of its own. */
function historyOf(done: readonly Done[]): OperationEvent[] {
  const events = done.flatMap(({ answered, invokedAt, completedAt, outcome }, at): OperationEvent[] => {
    const asked = answered.map(([f, key, value]) => [f, key, f === "r" ? null : value]);
    const event = { process: at, f: "txn" };
    return [
      { ...event, type: "invoke", value: asked, timeNs: Math.round(invokedAt * 1e3) },
      { ...event, type: outcome, value: outcome === "ok" ? answered : asked, timeNs: Math.round(completedAt * 1e3) },
    ];
  });
  return events.sort((left, right) => left.timeNs - right.timeNs || (left.type === "invoke" ? -1 : 1));
}

/** Whether some order of the transactions, with any of those without an answer, gives what was read. */
function isSerializable(model: TransactionModel, done: readonly Done[], keepsRealtime: boolean): boolean {
  const happened = done.filter(({ outcome }) => outcome !== "fail");
  const place = (left: readonly Done[], state: ReadonlyMap<number, string>): boolean =>
    left.every(({ outcome }) => outcome === "info") ||
    left.some((each) => {
      const isLate = left.some(({ outcome, completedAt }) => outcome === "ok" && completedAt < each.invokedAt);
      if (keepsRealtime && isLate) return false;
      const next = run(model, each, state);
      return (
        next !== undefined &&
        place(
          left.filter((other) => other !== each),
          next,
        )
      );
    });
  return place(happened, new Map());
}

function run(
  model: TransactionModel,
  { answered, outcome }: Done,
  state: ReadonlyMap<number, string>,
): ReadonlyMap<number, string> | undefined {
  const next = new Map(state);
  for (const [f, key, value] of answered) {
    const before = next.get(key) ?? "";
    if (f !== "r") next.set(key, model === "rw-register" ? String(value) : `${before}${before && ","}${value}`);
    else if (outcome === "ok" && before !== String(value ?? "")) return undefined;
  }
  return next;
}

const lagging = fc.array(fc.nat(3), { minLength: 6, maxLength: 6 });

const judge = (model: TransactionModel, done: readonly Done[], consistency: ConsistencyModel) =>
  judgeTransactions(historyOf(done), { model, consistency: [consistency] });

const models = ["list-append", "rw-register"] as const;

test.each(models)("transactions of %s that run one at a time are strictly serializable", (model) => {
  fc.assert(
    fc.property(plans, (planned) => {
      const done = execute(model, planned);

      expect(judge(model, done, "strict-serializable").valid).not.toBe(false);
    }),
    { numRuns: 100 },
  );
});

test.each(models)(
  "transactions of %s on snapshots, of which the first to write wins, are snapshot isolated",
  (model) => {
    fc.assert(
      fc.property(plans, lagging, (planned, lags) => {
        const done = execute(model, planned, lags, true);

        expect(judge(model, done, "snapshot-isolation").valid).not.toBe(false);
      }),
      { numRuns: 200 },
    );
  },
);

test("what lists show is not serializable exactly if no order of transactions gives it", () => {
  const seen = new Set<boolean>();
  fc.assert(
    fc.property(plans, lagging, (planned, lags) => {
      const done = execute("list-append", planned, lags);
      for (const [consistency, keepsRealtime] of [
        ["serializable", false],
        ["strict-serializable", true],
      ] as const) {
        const expected = isSerializable("list-append", done, keepsRealtime);
        seen.add(expected);

        expect(judge("list-append", done, consistency).valid !== false).toBe(expected);
      }
    }),
    { numRuns: 400 },
  );
  expect(seen.size).toBe(2);
});

test("registers that some order of transactions explains are not found wrong", () => {
  let explained = 0;
  fc.assert(
    fc.property(plans, lagging, (planned, lags) => {
      const done = execute("rw-register", planned, lags);
      for (const [consistency, keepsRealtime] of [
        ["serializable", false],
        ["strict-serializable", true],
      ] as const) {
        if (!isSerializable("rw-register", done, keepsRealtime)) continue;
        explained++;

        expect(judge("rw-register", done, consistency).valid).not.toBe(false);
      }
    }),
    { numRuns: 200 },
  );
  expect(explained).toBeGreaterThan(50);
});
