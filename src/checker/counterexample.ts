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
  const limits = { stepsMax, ...(stop && { stop }) };
  const calls = until(stuck, part);
  const few = restore(leaveOut(calls, stuck, model, new Budget(limits)), model, new Budget(limits));
  const unlimited = new Budget({ stepsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY });
  const found = searchPart(few ?? calls, model, unlimited);
  invariant(found.kind === "violation", "what fails with more possibilities fails with fewer");
  return { calls: few ?? calls, order: found.order, stuck: found.stuck };
}

/** The calls that had begun when `stuck` returned, in order of time: no later one can explain it. */
function until<Call, Result>(stuck: Operation<Call, Result>, calls: History<Call, Result>): History<Call, Result> {
  return calls.filter(({ calledAt }) => calledAt <= endOf(stuck)).sort((left, right) => left.calledAt - right.calledAt);
}

function endOf({ returnedAt }: Operation<unknown, unknown>): number {
  return returnedAt ?? Number.POSITIVE_INFINITY;
}

/** Calls that no order explains, even with the help of others that may take effect at any time, or never. */
interface Reduced<Call, Result> {
  readonly kept: History<Call, Result>;
  /** The helpers, each as the call that it really was. */
  readonly free: ReadonlyMap<Operation<Call, Result>, Operation<Call, Result>>;
}

/** Leaves out calls, first many at once and then one by one, reads first because that is cheap to check. */
function leaveOut<State, Call, Result>(
  calls: History<Call, Result>,
  stuck: Operation<Call, Result>,
  model: Model<State, Call, Result>,
  budget: Budget,
): Reduced<Call, Result> {
  const begin = calls[0]?.calledAt ?? 0;
  let end = endOf(stuck);
  let reduced: Reduced<Call, Result> = { kept: calls, free: new Map() };
  const isRead = ({ call, result }: Operation<Call, Result>) => model.isRead?.(call, result) ?? false;
  for (const kind of [calls.filter(isRead), calls.filter((each) => !isRead(each))]) {
    for (const size of halves(kind.length)) {
      for (let at = 0; at < kind.length; at += size) {
        const chunk = new Set(kind.slice(at, at + size));
        const { kept } = reduced;
        const rest = kept.filter((each) => !chunk.has(each));
        if (rest.length === kept.length || budget.spend(calls.length) !== undefined) continue;
        const freed = kept.filter((each) => chunk.has(each)).map((each) => [freeOf(each, begin), each] as const);
        const free = new Map([...reduced.free, ...freed]);
        const found = searchPart([...free.keys(), ...rest], model, budget);
        if (found.kind !== "violation" || endOf(found.stuck) > end) continue; // what might explain it is cut off
        reduced = { kept: until(found.stuck, rest), free };
        end = endOf(found.stuck);
      }
    }
  }
  return reduced;
}

/**
 * Brings back the helpers without which the rest would be stuck at an earlier call than with them, and so for another
 * reason; `undefined` if that is too hard to say.
 */
function restore<State, Call, Result>(
  { kept, free }: Reduced<Call, Result>,
  model: Model<State, Call, Result>,
  budget: Budget,
): History<Call, Result> | undefined {
  const helpers = new Map(free);
  for (let calls = kept; ; ) {
    const alone = searchPart(calls, model, budget);
    const helped = searchPart([...helpers.keys(), ...calls], model, budget);
    if (alone.kind !== "violation" || helped.kind !== "violation") return undefined;
    if (alone.stuck === helped.stuck) return calls;
    const used = helped.order.filter((each) => helpers.has(each));
    calls = until(helped.stuck, [...calls, ...used.map((each) => helpers.get(each) ?? each)]);
    for (const each of used) helpers.delete(each);
  }
}

/** `count`, half of it and so on, down to 1. */
function halves(count: number): number[] {
  return count < 1 ? [] : count === 1 ? [1] : [count, ...halves(Math.ceil(count / 2))];
}

/** The call as if it could take effect at any time, or never. */
function freeOf<Call, Result>({ client, call }: Operation<Call, Result>, begin: number): Operation<Call, Result> {
  return { client, call, calledAt: begin, result: undefined, returnedAt: undefined };
}
