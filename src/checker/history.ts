/**
 * One call of one client on one object, and what came of it.
 *
 * Times only order: whole numbers from any clock or counter that all clients share.
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
