import fc from "fast-check";
import type {
  History,
  KvCall,
  KvResult,
  LogCall,
  LogResult,
  Model,
  Operation,
  QueueCall,
  QueueResult,
  RegisterCall,
  RegisterResult,
  SetCall,
  SetResult,
  StackCall,
  StackResult,
} from "../../src/checker/index.ts";

/** A model with a few calls and results, small enough that chance finds what matters. */
export interface Universe<State, Call, Result> {
  readonly model: Model<State, Call, Result>;
  readonly calls: readonly Call[];
  readonly results: readonly Result[];
}

export const registerCalls: readonly RegisterCall[] = [
  { kind: "read" },
  { kind: "write", value: 1 },
  { kind: "write", value: 2 },
  { kind: "cas", from: 1, to: 2 },
  { kind: "cas", from: 2, to: 3 },
];
export const registerResults: readonly RegisterResult[] = [
  ...[null, 1, 2, 3].map((value) => ({ kind: "value", value }) as const),
  { kind: "written" },
  { kind: "swapped" },
  { kind: "kept" },
];
export const kvCalls: readonly KvCall[] = [
  { kind: "get", key: "x" },
  { kind: "put", key: "x", value: "a" },
  { kind: "put", key: "x", value: "b", ifVersion: 1 },
  { kind: "put", key: "x", value: "b", ifVersion: 0 },
  { kind: "delete", key: "x" },
  { kind: "delete", key: "x", ifVersion: 2 },
  { kind: "cas", key: "x", from: "a", to: "b" },
  { kind: "cas", key: "x", from: null, to: "a" },
];
export const kvResults: readonly KvResult[] = [
  ...["a", "b"].flatMap((value) => [{ kind: "found", value } as const, { kind: "found", value, version: 2 } as const]),
  { kind: "found", value: "a", version: 1 },
  { kind: "missing" },
  { kind: "deleted" },
  { kind: "conflict" },
  { kind: "conflict", version: 1 },
  { kind: "conflict", version: 3 },
  { kind: "stored" },
  ...[1, 2, 3].map((version) => ({ kind: "stored", version, created: version === 1 }) as const),
];
export const stackCalls: readonly StackCall[] = [
  { kind: "create", stack: "s" },
  { kind: "delete", stack: "s" },
  { kind: "push", stack: "s", value: 1 },
  { kind: "push", stack: "s", value: 2 },
  { kind: "pop", stack: "s" },
  { kind: "top", stack: "s" },
  { kind: "size", stack: "s" },
];
export const stackResults: readonly StackResult[] = [
  { kind: "created" },
  { kind: "exists" },
  { kind: "deleted" },
  { kind: "pushed" },
  { kind: "pushed", size: 1 },
  { kind: "pushed", size: 2 },
  { kind: "popped", value: 1 },
  { kind: "popped", value: 2, size: 0 },
  { kind: "top", value: 1 },
  { kind: "top", value: 2 },
  { kind: "size", size: 1 },
  { kind: "size", size: 0 },
  { kind: "empty" },
  { kind: "missing" },
];
export const queueCalls: readonly QueueCall[] = [
  { kind: "enqueue", value: 1 },
  { kind: "enqueue", value: 2 },
  { kind: "dequeue" },
];
export const queueResults: readonly QueueResult[] = [
  { kind: "enqueued" },
  { kind: "dequeued", value: 1 },
  { kind: "dequeued", value: 2 },
  { kind: "empty" },
];
export const setCalls: readonly SetCall[] = [
  { kind: "add", value: 1 },
  { kind: "add", value: 2 },
  { kind: "remove", value: 1 },
  { kind: "has", value: 1 },
  { kind: "read" },
];
export const setResults: readonly SetResult[] = [
  { kind: "added" },
  { kind: "added", changed: true },
  { kind: "added", changed: false },
  { kind: "removed" },
  { kind: "removed", changed: true },
  { kind: "removed", changed: false },
  { kind: "present" },
  { kind: "absent" },
  ...[[], [1], [2], [1, 2], [2, 1]].map((values) => ({ kind: "values", values }) as const),
];
export const logCalls: readonly LogCall[] = [
  { kind: "append", entry: "a" },
  { kind: "append", entry: "b" },
  { kind: "read", from: 1, limit: 2 },
  { kind: "read", from: 2, limit: 1 },
  { kind: "length" },
];
const entryA = { index: 1, entry: "a" };
const entryB = { index: 2, entry: "b" };
export const logResults: readonly LogResult[] = [
  ...[1, 2, 3].map((index) => ({ kind: "appended", index }) as const),
  ...[[], [entryA], [entryB], [entryA, entryB]].map((entries) => ({ kind: "entries", entries }) as const),
  { kind: "entries", entries: [entryA], last: 1 },
  { kind: "entries", entries: [], last: 0 },
  ...[0, 1, 2].map((length) => ({ kind: "length", length }) as const),
];

/**
 * Histories of a real run in which each call took effect at one moment, some answers then lost and, where
 * `isSpoilt`, some replaced by others.
 */
export function histories<State, Call, Result>(
  { model, calls, results }: Universe<State, Call, Result>,
  options: { readonly countMax: number; readonly isSpoilt: boolean; readonly isLossy?: boolean },
): fc.Arbitrary<History<Call, Result>> {
  const move = fc.record({
    call: fc.constantFrom(...calls),
    client: fc.constantFrom("a", "b", "c"),
    before: fc.nat(6),
    after: fc.nat(6),
    choice: fc.nat(1000),
    fate: options.isLossy
      ? fc.constantFrom("answered", "lost", "never")
      : fc.constantFrom("answered", "answered", "answered", "answered", "lost", "never"),
    spoilt: options.isSpoilt ? fc.option(fc.constantFrom(...results), { freq: 4 }) : fc.constant(null),
  });
  return fc.array(move, { maxLength: options.countMax, size: "max" }).map((moves) => {
    let state = model.initial;
    return moves.flatMap(({ call, client, before, after, choice, fate, spoilt }, at): Operation<Call, Result>[] => {
      const calledAt = at * 2 - before;
      const open = { client, call, calledAt, result: undefined, returnedAt: undefined };
      if (fate === "never") return [open];
      const possible = results.flatMap((result) => model.next(state, call, result).map((next) => ({ result, next })));
      const chosen = possible[choice % possible.length];
      if (chosen === undefined) return []; // the few results have none that fits
      state = chosen.next;
      if (fate === "lost") return [open];
      return [{ ...open, result: spoilt ?? chosen.result, returnedAt: at * 2 + after }];
    });
  });
}

/** Tries all orders, with nothing that makes it fast: what a checker is held against. */
export function bruteForce<State, Call, Result>(
  history: History<Call, Result>,
  model: Model<State, Call, Result>,
): boolean {
  const explain = (left: History<Call, Result>, state: State): boolean =>
    left.every(({ returnedAt }) => returnedAt === undefined) ||
    left
      .filter((each) => left.every(({ returnedAt }) => returnedAt === undefined || returnedAt >= each.calledAt))
      .some((each) =>
        model.next(state, each.call, each.result).some((next) =>
          explain(
            left.filter((other) => other !== each),
            next,
          ),
        ),
      );
  return explain(history, model.initial);
}

/** Whether an order holds every answered call once, respects time, and is explained by the model. */
export function isExplanation<State, Call, Result>(
  order: History<Call, Result>,
  history: History<Call, Result>,
  model: Model<State, Call, Result>,
): boolean {
  const held = new Set(order);
  const isWhole = history.every((each) => each.returnedAt === undefined || held.has(each));
  const isTimely = order.every((later, at) =>
    order.slice(0, at).every((earlier) => later.returnedAt === undefined || later.returnedAt >= earlier.calledAt),
  );
  const states = order.reduce<readonly State[]>(
    (before, { call, result }) => before.flatMap((state) => model.next(state, call, result)),
    [model.initial],
  );
  return held.size === order.length && isWhole && isTimely && states.length > 0;
}
