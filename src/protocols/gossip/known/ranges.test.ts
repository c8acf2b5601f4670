import fc from "fast-check";
import { expect, test } from "vitest";
import { areRanges, common, countOf, minus, type Ranges, union } from "./ranges.ts";

const sets = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });

function rangesOf(numbers: readonly number[]): Ranges {
  return numbers.reduce<Ranges>((ranges, number) => union(ranges, [[number, number]]), []);
}

function numbersOf(ranges: Ranges): number[] {
  return ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
}

function sorted(numbers: Iterable<number>): number[] {
  return [...numbers].sort((one, other) => one - other);
}

test("ranges are what sets of numbers are", () => {
  fc.assert(
    fc.property(sets, sets, (one, other) => {
      const [left, right] = [rangesOf(one), rangesOf(other)];

      expect(numbersOf(left)).toEqual(sorted(one));
      expect(countOf(left)).toBe(one.length);
      expect(numbersOf(union(left, right))).toEqual(sorted(new Set([...one, ...other])));
      expect(numbersOf(minus(left, right))).toEqual(sorted(one.filter((number) => !other.includes(number))));
      expect(numbersOf(common(left, right))).toEqual(sorted(one.filter((number) => other.includes(number))));
      for (const ranges of [left, union(left, right), minus(left, right), common(left, right)]) {
        expect(areRanges(ranges)).toBe(true);
      }
    }),
  );
});

test.each([
  [[[0, 1]]],
  [[[2, 1]]],
  [
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    [
      [5, 6],
      [1, 2],
    ],
  ],
  [[[1, 2 ** 53]]],
  [[[1.5, 2]]],
])("%j are no ranges", (ranges) => {
  expect(areRanges(ranges as [number, number][])).toBe(false);
});
