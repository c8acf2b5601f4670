import { expect, test } from "vitest";
import { newIncarnationNumber } from "./incarnation.ts";

test("incarnations grow with time, and when the clock goes back", () => {
  const first = newIncarnationNumber(Date.UTC(2026, 10, 26), 0);
  const second = newIncarnationNumber(Date.UTC(2026, 10, 26) + 1, 0);

  expect(second).toBeGreaterThan(first);
  expect(newIncarnationNumber(Date.UTC(2026, 0), second)).toBe(second + 1);
});

test("processes whose clock was never set have different ones, smaller than those of a clock that is right", () => {
  const numbers = Array.from({ length: 1000 }, (_, at) => newIncarnationNumber(at, 0));

  expect(new Set(numbers).size).toBe(1000);
  expect(Math.min(...numbers)).toBeGreaterThan(0);
  expect(Math.max(...numbers)).toBeLessThan(newIncarnationNumber(Date.UTC(2026, 10, 26), 0));
});
