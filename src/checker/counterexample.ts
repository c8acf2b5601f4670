import { invariant } from "../base/invariant.ts";
import type { History, Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { Budget } from "./search/budget.ts";
import { searchPart } from "./search/search.ts";

/**
 * Calls of one part that no order explains.
 *
 * The calls left out do not matter: even if each of them took effect at any time at all, or never, nothing would
 * explain these. And those called after `stuck` had returned came too late to matter.
 */
export interface Counterexample<Call, Result> {
  readonly calls: History<Call, Result>;
  /** The longest order of them that the model explains. */
  readonly order: History<Call, Result>;
  /** The first call, by the time of its return, that no order gets past. */
  readonly stuck: Operation<Call, Result>;
}

/** What making a counterexample smaller may cost; it ends as small as it is then. */
const stepsMax = 2_000_000;

/** The smallest counterexample that some effort finds in a part that is stuck at `stuck`. */
export function findCounterexample<State, Call, Result>(
  part: History<Call, Result>,
  stuck: Operation<Call, Result>,
  model: Model<State, Call, Result>,
  stop: (() => boolean) | undefined,
): Counterexample<Call, Result> {
  const end = stuck.returnedAt ?? Number.POSITIVE_INFINITY;
  const calls = part.filter(({ calledAt }) => calledAt <= end).sort((left, right) => left.calledAt - right.calledAt);
  const kept = leaveOut(calls, model, new Budget({ stepsMax, ...(stop && { stop }) }));
  const found = searchPart(
    kept,
    model,
    new Budget({ stepsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY }),
  );
  invariant(found.kind === "violation", "what fails with more possibilities fails with fewer");
  return { calls: kept, order: found.order, stuck: found.stuck };
}

/** Leaves out calls, first many at once and then one by one, reads first because that is cheap to check. */
function leaveOut<State, Call, Result>(
  calls: History<Call, Result>,
  model: Model<State, Call, Result>,
  budget: Budget,
): History<Call, Result> {
  const begin = calls[0]?.calledAt ?? 0;
  const free = new Set<Operation<Call, Result>>();
  const isRead = ({ call, result }: Operation<Call, Result>) => model.isRead?.(call, result) ?? false;
  for (const kind of [calls.filter(isRead), calls.filter((each) => !isRead(each))]) {
    for (const size of halves(kind.length)) {
      for (let at = 0; at < kind.length; at += size) {
        const chunk = kind.slice(at, at + size).filter((each) => !free.has(each));
        if (chunk.length === 0 || budget.spend(calls.length) !== undefined) continue;
        const freed = new Set([...free, ...chunk]);
        const tried = calls.map((each) => (freed.has(each) ? freeOf(each, begin) : each));
        if (searchPart(tried, model, budget).kind === "violation") for (const each of chunk) free.add(each);
      }
    }
  }
  return calls.filter((each) => !free.has(each));
}

/** `count`, half of it and so on, down to 1. */
function halves(count: number): number[] {
  return count < 1 ? [] : count === 1 ? [1] : [count, ...halves(Math.ceil(count / 2))];
}

/** The call as if it could take effect at any time, or never. */
function freeOf<Call, Result>({ client, call }: Operation<Call, Result>, begin: number): Operation<Call, Result> {
  return { client, call, calledAt: begin, result: undefined, returnedAt: undefined };
}
