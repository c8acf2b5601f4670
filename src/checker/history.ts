import { MalformedError } from "../base/errors.ts";

/**
 * One call of one client on one object, and what came of it.
 *
 * Times only order: whole numbers from any clock or counter that all clients share. Equal times count as concurrent,
 * because a clock that is too coarse to tell two moments apart says nothing about their order.
 */
export interface Operation<Call, Result> {
  /** Who called; one that calls again while a call is open counts as several. */
  readonly client: string;
  readonly call: Call;
  readonly calledAt: number;
  /** What was answered; `undefined` when it never was: the call may take effect at any later time, or never. */
  readonly result: Result | undefined;
  /** When the answer came; `undefined` with `result`. */
  readonly returnedAt: number | undefined;
}

/** What clients saw of one object, in any order. Calls that certainly had no effect are left out. */
export type History<Call, Result> = readonly Operation<Call, Result>[];

/** A call that was answered. */
export interface Answered<Call, Result> extends Operation<Call, Result> {
  readonly result: Result;
  readonly returnedAt: number;
}

/** Tells calls that were answered from those that never were. */
export function isAnswered<Call, Result>(operation: Operation<Call, Result>): operation is Answered<Call, Result> {
  return operation.returnedAt !== undefined;
}

/** Refuses a history that cannot have happened, with a `MalformedError` that names the first such call. */
export function validateHistory(history: History<unknown, unknown>): void {
  for (const [at, { client, calledAt, returnedAt, result }] of history.entries()) {
    const refuse = (problem: string) => new MalformedError(`call ${at + 1} of the history, by ${client}, ${problem}`);
    if (!Number.isSafeInteger(calledAt)) throw refuse(`was called at ${calledAt}, which is no whole number`);
    if (returnedAt === undefined) {
      if (result !== undefined) throw refuse("has a result and no time of return");
      continue;
    }
    if (result === undefined) throw refuse("has a time of return and no result");
    if (!Number.isSafeInteger(returnedAt)) throw refuse(`returned at ${returnedAt}, which is no whole number`);
    if (returnedAt < calledAt) throw refuse(`returned at ${returnedAt}, before it was called at ${calledAt}`);
  }
}
