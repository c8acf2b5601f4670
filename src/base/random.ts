/** The state of a seeded generator (sfc32): plain data, so that it can be copied, compared and hashed. */
export interface Random {
  a: number;
  b: number;
  c: number;
  counter: number;
}

/** A generator that gives the same numbers for the same seed, on every machine and engine. */
export function newRandom(seed: number): Random {
  const random: Random = { a: seed >>> 0, b: Math.floor(seed / 2 ** 32) >>> 0, c: 0x9e3779b9, counter: 1 };
  for (let round = 0; round < 12; round++) nextUint32(random); // mixes neighbouring seeds apart
  return random;
}

/** Uniform in 0 … 2^32 - 1. */
export function nextUint32(random: Random): number {
  const sum = (random.a + random.b + random.counter) >>> 0;
  random.counter = (random.counter + 1) >>> 0;
  random.a = (random.b ^ (random.b >>> 9)) >>> 0;
  random.b = (random.c + (random.c << 3)) >>> 0;
  random.c = (((random.c << 21) | (random.c >>> 11)) + sum) >>> 0;
  return sum;
}

/** Uniform whole number in 0 … bound - 1; `bound` at most 2^32. */
export function nextBelow(random: Random, bound: number): number {
  return Math.floor((nextUint32(random) / 2 ** 32) * bound);
}

/** True with a chance of `share` (0 … 1). */
export function chance(random: Random, share: number): boolean {
  return nextUint32(random) < share * 2 ** 32;
}

/** A generator of its own for one part of a whole, so that parts do not disturb each other's numbers. */
export function forkRandom(random: Random): Random {
  return newRandom(nextUint32(random) * 2 ** 20 + (nextUint32(random) >>> 12));
}
