import { invariant } from "../../../base/invariant.ts";

/** How often something may happen in a world, and from which bit on its account counts that; -1: it does not. */
export interface Limit {
  readonly countMax: number;
  readonly shift: number;
}

/** A count has this many bits of a world's account. */
const countBits = 4;
const countMaxMax = 2 ** countBits - 1;

/** The limits of one exploration: what never happens, and what has no limit, needs no count. */
export function limitsOf(countMaxes: readonly number[]): Limit[] {
  const isCounted = (countMax: number): boolean => countMax > 0 && countMax < Number.POSITIVE_INFINITY;
  const counted = countMaxes.filter(isCounted);
  invariant(Math.max(0, ...counted) <= countMaxMax, `nothing that is limited happens more than ${countMaxMax} times`);
  invariant(counted.length * countBits <= 32, `no more than ${32 / countBits} things are limited at once`);
  let place = 0;
  return countMaxes.map((countMax) => ({ countMax, shift: isCounted(countMax) ? countBits * place++ : -1 }));
}

/** How often it has happened, by this account. */
export function countOf(account: number, { shift }: Limit): number {
  return shift < 0 ? 0 : (account >>> shift) & countMaxMax;
}

/** Whether it may happen once more. */
export function isLeft(account: number, limit: Limit): boolean {
  return countOf(account, limit) < limit.countMax;
}
