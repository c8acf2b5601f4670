import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { describeMachine, splitEvery, wholeSnapshot } from "../../test/conformance/machine.ts";
import { type Bytes, bytesCodec, jsonCodec } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { fromUtf8, toUtf8 } from "../base/text.ts";
import { defineMachine, type Machine } from "./machine.ts";

const counter = defineMachine({
  initial: () => ({ total: 0, names: [] as string[] }),
  apply: (state, command: { add: number; name?: string }) => {
    if (command.name !== undefined) state.names.push(command.name);
    state.total += command.add;
    return state.total;
  },
  query: (state, question: "total" | "names") => (question === "total" ? state.total : state.names.join()),
});

describeMachine("a machine with JSON", {
  machine: counter,
  commands: fc.oneof(
    fc.record({ add: fc.integer() }),
    fc.record({ add: fc.integer(), name: fc.string({ unit: "grapheme" }) }),
  ),
  questions: ["total", "names"],
});

const texts = defineMachine({
  initial: () => new Map<string, number>(),
  apply: (state, command: Bytes, index) => {
    state.set(fromUtf8(command), index);
  },
  query: (state) => [...state],
  snapshot: (state) => toUtf8(JSON.stringify([...state])),
  restore: (snapshot) => new Map(parsePairs(snapshot)),
  command: bytesCodec,
});

function parsePairs(snapshot: Bytes): [string, number][] {
  const pairs = jsonCodec<unknown>().decode(snapshot);
  if (!Array.isArray(pairs)) throw new MalformedError("no pairs");
  return pairs.map((pair) => [String(pair[0]), Number(pair[1])]);
}

describe("types", () => {
  test("all are inferred from initial, apply and query", () => {
    expectTypeOf(counter).toEqualTypeOf<
      Machine<
        { total: number; names: string[] },
        { add: number; name?: string },
        number,
        "total" | "names",
        string | number
      >
    >();
  });

  test("a query without a question asks nothing", () => {
    expectTypeOf(texts).toEqualTypeOf<Machine<Map<string, number>, Bytes, void, void, [string, number][]>>();
  });

  test("without a query there is no reply", () => {
    const machine = defineMachine({
      initial: () => ({ n: 0 }),
      apply: (state, command: { n: number }) => ({ was: state.n, ...command }),
    });

    expectTypeOf(machine).toEqualTypeOf<
      Machine<{ n: number }, { n: number }, { was: number; n: number }, void, never>
    >();
    expect(() => machine.query({ n: 0 })).toThrow("answers no questions");
  });

  test("a codec types the command", () => {
    defineMachine({
      initial: () => ({ bytes: 0 }),
      command: bytesCodec,
      apply: (state, command) => {
        expectTypeOf(command).toEqualTypeOf<Bytes>();
        state.bytes += command.length;
      },
    });
  });

  test("a state that apply could not change is refused", () => {
    // @ts-expect-error a number is not an object
    expect(() => defineMachine({ initial: () => 0, apply: (state, add: number) => state + add })).toThrow(TypeError);
  });
});

test("an apply that returns nothing is answered with nothing", () => {
  expect(texts.answer.decode(texts.answer.encode(undefined))).toBeUndefined();
});

test("an own snapshot is used, and is given back in one piece", async () => {
  const state = texts.initial();
  texts.apply(state, toUtf8("a"), 1);
  texts.apply(state, toUtf8("b"), 2);

  const restored = await texts.restore(splitEvery(wholeSnapshot(texts.snapshot(state)), 2));

  expect(texts.query(restored)).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
});

test("a state that JSON would not give back is refused at once, naming the place", () => {
  const define = (part: unknown) => () => defineMachine({ initial: () => ({ part }), apply: () => 0 });

  expect(define(new Map())).toThrow("state.part;");
  expect(define([1, new Set()])).toThrow("state.part[1];");
  expect(define({ at: Number.NaN })).toThrow("state.part.at;");
  expect(define([undefined])).toThrow("state.part[0];");
  expect(define(1n)).toThrow("state.part;");
  expect(define({ a: [null, "x", 1, true, {}], b: undefined })).not.toThrow();
});

test("a state that stops being JSON makes no snapshot rather than a wrong one", () => {
  const machine = defineMachine({ initial: () => ({ when: null as Date | null }), apply: () => 0 });

  expect(() => machine.snapshot({ when: new Date(0) })).toThrow("state.when;");
});

test("snapshot without restore is refused", () => {
  expect(() => defineMachine({ initial: () => ({}), apply: () => 0, snapshot: () => toUtf8("x") })).toThrow("together");
});
