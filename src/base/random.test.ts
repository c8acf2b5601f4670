import { expect, test } from "vitest";
import { chance, forkRandom, newRandom, nextBelow, nextUint32 } from "./random.ts";

function draw(seed: number, count: number): number[] {
  const random = newRandom(seed);
  return Array.from({ length: count }, () => nextUint32(random));
}

test("the same seed gives the same numbers, on every engine and for ever", () => {
  expect(draw(1, 3)).toEqual(draw(1, 3));
  expect(draw(42, 4)).toEqual([1849552023, 4223452576, 118919111, 3893884377]);
});

test("neighbouring seeds, and seeds that differ only above 32 bits, give different numbers", () => {
  const firsts = [0, 1, 2, 3, 2 ** 32, 2 ** 32 + 1, 2 ** 52].map((seed) => draw(seed, 1)[0]);

  expect(new Set(firsts).size).toBe(firsts.length);
});

test("a generator is plain data: a copy goes on alike", () => {
  const random = newRandom(5);
  nextUint32(random);
  const copy = { ...random };

  expect(nextUint32(copy)).toBe(nextUint32(random));
});

test("a number below a bound is below it, and each is about as frequent", () => {
  const random = newRandom(7);
  const counts = Array.from({ length: 6 }, () => 0);
  for (let at = 0; at < 6000; at++) {
    const face = nextBelow(random, 6);
    counts[face] = (counts[face] ?? 0) + 1;
  }

  expect(counts).toHaveLength(6);
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test("a chance of 0 never comes, of 1 always, and of a tenth about that often", () => {
  const random = newRandom(7);
  const count = (share: number) => Array.from({ length: 5000 }, () => chance(random, share)).filter(Boolean).length;

  expect([count(0), count(1)]).toEqual([0, 5000]);
  expect(Math.abs(count(0.1) - 500)).toBeLessThan(100);
});

test("a fork's numbers are its own: drawing from it leaves the other as it was", () => {
  const [one, other] = [newRandom(9), newRandom(9)];
  const fork = forkRandom(one);
  forkRandom(other);
  for (let at = 0; at < 10; at++) nextUint32(fork);

  expect(nextUint32(one)).toBe(nextUint32(other));
  expect(nextUint32(fork)).not.toBe(nextUint32(one));
});
