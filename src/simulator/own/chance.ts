import { forkRandom, chance as isLucky, nextBelow, type Random } from "../../base/random.ts";

/** Draws that follow from a run's seed. */
export interface Chance {
  /** A whole number in 0 … bound - 1. */
  below(bound: number): number;
  /** True with a chance of `share` (0 … 1). */
  happens(share: number): boolean;
  /** One of the values, each as likely as the others; there is at least one. */
  oneOf<Value>(values: readonly Value[]): Value;
}

/** Draws from a generator of their own, so that one draw more does not change what is drawn elsewhere. */
export function newChance(parent: Random): Chance {
  const random = forkRandom(parent);
  return {
    below: (bound) => nextBelow(random, bound),
    happens: (share) => isLucky(random, share),
    oneOf: <Value>(values: readonly Value[]) => values[nextBelow(random, values.length)] as Value,
  };
}
