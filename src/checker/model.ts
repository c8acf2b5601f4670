/** A sequential specification: what one object, used by one client at a time, may answer. */
export interface Model<State, Call, Result> {
  readonly name: string;
  readonly initial: State;
  /**
   * Every state that may follow; none means that `result` was impossible. Must not change `state`.
   *
   * `result` undefined: the call took effect and its answer was lost.
   */
  readonly next: (state: State, call: Call, result: Result | undefined) => readonly State[];
  /**
   * The same text for equal states, another for different ones; at most a few times as long as the state is large.
   *
   * A state made of another one, such as a list of its last value and the list before, need not spell that one out:
   * `keyOf` names it in a few characters, so that a long state costs no more than a short one.
   */
  readonly key: (state: State, keyOf: (inner: State) => string) => string;
  /** Calls with different parts touch different objects and are checked apart (P-compositionality). Default: one. */
  readonly part?: (call: Call) => string;
  /**
   * Whether the call, having given this result, changes nothing, whatever the state: the search is much faster for it,
   * and wrong if it is not so. Default: no call is a read.
   */
  readonly isRead?: (call: Call, result: Result | undefined) => boolean;
  /** For people: `put x 3`. */
  readonly describe: (call: Call, result: Result | undefined) => string;
}
