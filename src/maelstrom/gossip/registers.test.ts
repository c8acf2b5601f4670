import { expect, test } from "vitest";
import type { Operation } from "../workloads.ts";
import { Registers, type Writes } from "./registers.ts";

const read = (key: number): Operation => ["r", key, null];
const write = (key: number, value: number): Operation => ["w", key, value];

test("a transaction sees its own writes, and others see them once they are merged, together", () => {
  const here = new Registers("a");
  const there = new Registers("b");

  const { txn, writes } = here.carryOut([read(1), write(1, 10), read(1), write(1, 11), write(2, 20)]);
  const before = there.carryOut([read(1), read(2)]).txn;
  there.merge(writes);
  const after = there.carryOut([read(1), read(2)]).txn;

  expect(txn).toEqual([read(1), write(1, 10), ["r", 1, 10], write(1, 11), write(2, 20)]);
  expect(before).toEqual([read(1), read(2)]);
  expect(after).toEqual([
    ["r", 1, 11],
    ["r", 2, 20],
  ]); // what was overwritten within the transaction shows nowhere
});

test("whoever merges in whatever order ends with the same values, and all keys with those of one transaction", () => {
  const [a, b] = [new Registers("a"), new Registers("b")];
  const one = a.carryOut([write(1, 10), write(2, 20)]).writes;
  const other = b.carryOut([write(1, 11), write(2, 21)]).writes; // at once: nobody has seen the other
  b.merge(other);
  const later = b.carryOut([read(1), write(1, 12)]).writes;

  const ends = [
    [one, other, later],
    [later, other, one],
    [other, later, one],
  ].map((order) => merged(order));

  for (const end of ends)
    expect(end).toEqual([
      ["r", 1, 12],
      ["r", 2, 21],
    ]);
});

test("what was read comes before what was written after it, on any node", () => {
  const [a, b] = [new Registers("z"), new Registers("a")];
  const first = a.carryOut([write(1, 10)]).writes;
  b.merge(first);

  const second = b.carryOut([read(1), write(1, 11)]).writes;

  expect(merged([second, first])).toEqual([["r", 1, 11], read(2)]);
});

function merged(order: readonly Writes[]): readonly Operation[] {
  const registers = new Registers("reader");
  for (const writes of order) registers.merge(writes);
  return registers.carryOut([read(1), read(2)]).txn;
}
