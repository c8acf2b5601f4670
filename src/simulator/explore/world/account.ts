import { invariant } from "../../../base/invariant.ts";
import type { Budget } from "../budget.ts";

/** How often something may happen in a world, and from which bit on its account counts that; below 0: it does not. */
export interface Limit {
  readonly countMax: number;
  readonly shift: number;
}

/** A count has this many bits of a world's account. */
const countBits = 4;
const countMaxMax = 2 ** countBits - 1;

/** So many budgets can be counted at once. */
export const budgetsMax: number = 32 / countBits;

/** Whether a budget has to be counted: not if it is empty, or has no end. */
function isCounted({ countMax }: Budget): boolean {
  return countMax > 0 && countMax < Number.POSITIVE_INFINITY;
}

/** How many of these budgets are counted; there is room for `budgetsMax`. */
export function countedBudgets(budgets: readonly Budget[]): number {
  return new Set(budgets.filter(isCounted)).size;
}

/** The limits of one exploration, by budget; one that is named twice is one. */
export function limitsOf(budgets: readonly Budget[]): Limit[] {
  const counted = [...new Set(budgets.filter(isCounted))];
  const most = Math.max(0, ...counted.map(({ countMax }) => countMax));
  invariant(most <= countMaxMax, `nothing that is counted happens more than ${countMaxMax} times`);
  invariant(counted.length <= budgetsMax, `no more than ${budgetsMax} things are counted at once`);
  return budgets.map((budget) => ({ countMax: budget.countMax, shift: countBits * counted.indexOf(budget) }));
}

/** How often it has happened, by this account. */
export function countOf(account: number, { shift }: Limit): number {
  return shift < 0 ? 0 : (account >>> shift) & countMaxMax;
}

/** Whether it may happen once more. */
export function isLeft(account: number, limit: Limit): boolean {
  return countOf(account, limit) < limit.countMax;
}
