import { expect, test } from "vitest";
import type { Bytes } from "../../base/bytes.ts";
import type { Machine } from "../../machines/machine.ts";
import { queues } from "./queues.ts";
import { store } from "./store.ts";

test("a transaction takes place at once: it reads what it wrote, and what was read stays as it was", () => {
  const state = store.initial();

  const first = store.apply(
    state,
    {
      kind: "txn",
      txn: [
        ["append", 1, 5],
        ["r", 1, null],
        ["r", 2, null],
      ],
    },
    1,
  );
  store.apply(
    state,
    {
      kind: "txn",
      txn: [
        ["append", 1, 6],
        ["w", 2, "x"],
      ],
    },
    2,
  );

  expect(first).toEqual({
    kind: "done",
    txn: [
      ["append", 1, 5],
      ["r", 1, [5]],
      ["r", 2, null],
    ],
  });
  expect(
    store.query(state, [
      ["r", 1, null],
      ["r", 2, null],
    ]),
  ).toEqual([
    ["r", 1, [5, 6]],
    ["r", 2, "x"],
  ]);
});

test("keys and values are any JSON: 1 is not the text 1, and values are compared by content", () => {
  const state = store.initial();
  store.apply(
    state,
    {
      kind: "txn",
      txn: [
        ["w", 1, { a: [1], b: 2 }],
        ["w", "__proto__", 3],
      ],
    },
    1,
  );

  const answers = [
    store.apply(state, { kind: "cas", key: "1", from: 0, to: 1 }, 2),
    store.apply(state, { kind: "cas", key: 1, from: { a: [1] }, to: 1 }, 3),
    store.apply(state, { kind: "cas", key: 1, from: { b: 2, a: [1] }, to: null }, 4),
    store.apply(state, { kind: "cas", key: 1, from: 1, to: 1 }, 5),
  ];

  expect(answers).toEqual([
    { kind: "missing" },
    { kind: "different", found: { a: [1], b: 2 } },
    { kind: "done", txn: [] },
    { kind: "missing" }, // who writes null removes
  ]);
  expect(store.query(state, [["r", "__proto__", null]])).toEqual([["r", "__proto__", 3]]);
});

test("logs give offsets without gaps, are polled from any of them, and commits never go back", () => {
  const state = queues.initial();
  const send = (key: string, msg: unknown, index: number) => queues.apply(state, { kind: "send", key, msg }, index);

  const offsets = [send("a", "x", 1), send("a", "y", 2), send("b", "z", 3)];
  queues.apply(state, { kind: "commit", offsets: { a: 1 } }, 4);
  queues.apply(state, { kind: "commit", offsets: { a: 0, c: 9 } }, 5);

  expect(offsets).toEqual([0, 1, 0]);
  expect(queues.query(state, { kind: "poll", offsets: { a: 1, b: 1, none: 0 } }).msgs).toEqual({ a: [[1, "y"]] });
  expect(queues.query(state, { kind: "committed", keys: ["a", "b", "c"] }).offsets).toEqual({ a: 1, c: 9 });
});

test("one poll brings no more than a bound, and the next one goes on", () => {
  const state = queues.initial();
  for (let index = 1; index <= 300; index++) queues.apply(state, { kind: "send", key: "a", msg: index }, index);

  const { a: first = [] } = queues.query(state, { kind: "poll", offsets: { a: 0 } }).msgs;
  const { a: rest = [] } = queues.query(state, { kind: "poll", offsets: { a: first.length } }).msgs;

  expect([first.length, rest.length, rest.at(-1)]).toEqual([256, 44, [299, 300]]);
});

test("snapshots give back the same state", async () => {
  const values = store.initial();
  store.apply(
    values,
    {
      kind: "txn",
      txn: [
        ["append", 1, 5],
        ["w", "k", { a: null }],
      ],
    },
    1,
  );
  const logs = queues.initial();
  queues.apply(logs, { kind: "send", key: "a", msg: [1] }, 1);

  expect(await restored(store, values)).toEqual(values);
  expect(await restored(queues, logs)).toEqual(logs);
});

function restored<State, Command, Answer, Question, Reply>(
  machine: Machine<State, Command, Answer, Question, Reply>,
  state: State,
): Promise<State> {
  return machine.restore(chunks(machine.snapshot(state)));
}

async function* chunks(all: Iterable<Bytes>): AsyncGenerator<Bytes> {
  yield* all;
}
