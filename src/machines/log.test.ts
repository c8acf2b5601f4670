import fc from "fast-check";
import { expect, test } from "vitest";
import { describeMachine } from "../../test/conformance/machine.ts";
import { logMachine } from "./log.ts";

describeMachine("log", {
  machine: logMachine,
  commands: fc.record({ kind: fc.constant("append" as const), entry: fc.string({ unit: "grapheme" }) }),
  questions: [{ kind: "read", from: 1, limit: 1000 }],
});

/** A log of `count` entries, "e1" being the first. */
function logOf(count: number) {
  const state = logMachine.initial();
  for (let at = 1; at <= count; at++) logMachine.apply(state, { kind: "append", entry: `e${at}` }, at * 3);
  return state;
}

test("entries are numbered from 1 without gap, whatever their places in the agreed order", () => {
  const state = logOf(2);

  expect(logMachine.apply(state, { kind: "append", entry: "x" }, 100)).toEqual({ kind: "appended", index: 3 });
});

test("a read gives at most what was asked for, and where the log ends", () => {
  const state = logOf(10_000);
  const read = (from: number, limit: number, bytesMax?: number) => {
    const size = bytesMax === undefined ? {} : { bytesMax };
    const reply = logMachine.query(state, { kind: "read", from, limit, ...size });
    expect(reply.last).toBe(10_000);
    return reply.entries.map(({ index, entry }) => (entry === `e${index}` ? index : entry));
  };

  expect(read(4095, 4)).toEqual([4095, 4096, 4097, 4098]);
  expect(read(9999, 100)).toEqual([9999, 10_000]);
  expect(read(10_001, 100)).toEqual([]);
  expect(read(0, 1)).toEqual([1]);
  expect(read(1, 0)).toEqual([]);
  expect(read(1, 100_000)).toHaveLength(1000);
  expect(read(1, Number.NaN)).toEqual([]);
  expect(read(1, 100, 4)).toEqual([1, 2]);
  expect(read(1, 100, 1)).toEqual([1]); // else a reader would never get past a large entry
});
