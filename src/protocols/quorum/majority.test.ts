import fc from "fast-check";
import { expect, test } from "vitest";
import { majority, reachedByMajority } from "./majority.ts";

const reached = fc.array(fc.nat(20), { minLength: 1, maxLength: 9 });

test("what a majority has reached is the highest value that enough voters have reached", () => {
  fc.assert(
    fc.property(reached, (values) => {
      const value = reachedByMajority([...values]);
      const haveReached = (least: number) => values.filter((each) => each >= least).length;
      expect(haveReached(value)).toBeGreaterThanOrEqual(majority(values.length));
      expect(haveReached(value + 1)).toBeLessThan(majority(values.length));
    }),
  );
});

test("any two majorities share a voter, and the rest of one is none", () => {
  for (let count = 1; count < 100; count++) {
    expect(2 * majority(count)).toBeGreaterThan(count);
    expect(count - majority(count)).toBeLessThan(majority(count));
  }
});
