import { type Answered, type History, isAnswered, type Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { isSameData } from "./same-data.ts";

/**
 * One part of a history, laid out for the search.
 *
 * Answered calls are numbered by when they returned, calls without an answer by when they were called.
 */
export interface Timeline<Call, Result> {
  readonly answered: readonly Answered<Call, Result>[];
  readonly open: readonly Operation<Call, Result>[];
  /** All calls and returns of answered calls in the order of time: call `i` is node `i`, its return `count + i`. */
  readonly events: Int32Array;
  /** Of each answered call, a number that no call shares while both are running. */
  readonly slots: Int32Array;
  readonly slotCount: number;
  /** For each answered call, how many open calls had been called before it returned. */
  readonly openBefore: Int32Array;
  /** For each open call, the one before it that asks the same, or -1: of such calls the first is used first. */
  readonly twins: Int32Array;
  /** For each answered call, whether it never changes a state. */
  readonly reads: Uint8Array;
}

/** Lays out a part. Open calls that can change nothing, because they only read or came too late, are left out. */
export function layOut<State, Call, Result>(
  history: History<Call, Result>,
  { isRead = () => false, describe }: Model<State, Call, Result>,
): Timeline<Call, Result> {
  const answered = history.filter(isAnswered).sort((left, right) => left.returnedAt - right.returnedAt);
  const last = answered.at(-1)?.returnedAt ?? Number.NEGATIVE_INFINITY;
  const open = history
    .filter((each) => !isAnswered(each) && each.calledAt <= last && !isRead(each.call, undefined))
    .sort((left, right) => left.calledAt - right.calledAt);
  return {
    answered,
    open,
    ...weave(answered),
    openBefore: Int32Array.from(answered, counter(open)),
    twins: findTwins(open, describe),
    reads: Uint8Array.from(answered, ({ call, result }) => (isRead(call, result) ? 1 : 0)),
  };
}

/** Merges calls and returns; at equal times calls come first, so that they count as concurrent. */
function weave(answered: readonly Answered<unknown, unknown>[]): {
  readonly events: Int32Array;
  readonly slots: Int32Array;
  readonly slotCount: number;
} {
  const count = answered.length;
  const called = Int32Array.from(answered.keys()).sort((left, right) => calledAt(left) - calledAt(right));
  const events = new Int32Array(count * 2);
  const slots = new Int32Array(count);
  const free: number[] = [];
  let slotCount = 0;
  let begun = 0;
  for (const [at, { returnedAt }] of answered.entries()) {
    for (let call = called[begun]; call !== undefined && calledAt(call) <= returnedAt; call = called[begun]) {
      events[begun + at] = call;
      slots[call] = free.pop() ?? slotCount++;
      begun++;
    }
    events[begun + at] = count + at;
    free.push(slots[at] ?? 0);
  }
  return { events, slots, slotCount };

  function calledAt(call: number): number {
    return answered[call]?.calledAt ?? 0;
  }
}

/** Counts the open calls up to a return, given returns in order. */
function counter(open: History<unknown, unknown>): (each: Answered<unknown, unknown>) => number {
  let count = 0;
  return ({ returnedAt }) => {
    for (let next = open[count]; next !== undefined && next.calledAt <= returnedAt; next = open[count]) count++;
    return count;
  };
}

/** Looks only among calls that are described alike. */
function findTwins<Call>(
  open: History<Call, unknown>,
  describe: (call: Call, result: undefined) => string,
): Int32Array {
  const described = new Map<string, number[]>();
  return Int32Array.from(open, ({ call }, at) => {
    const text = describe(call, undefined);
    const alike = described.get(text) ?? [];
    described.set(text, alike);
    const twin = alike.findLast((other) => isSameData(open[other]?.call, call));
    alike.push(at);
    return twin ?? -1;
  });
}
