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
  /** The same text for equal states, another for different ones; at most a few times as long as the state is large. */
  readonly key: (state: State) => string;
  /** Calls of different parts touch different objects and are checked apart (P-compositionality). Default: one. */
  readonly part?: (call: Call) => string;
  /** For people: `put x 3`. */
  readonly describe: (call: Call, result: Result | undefined) => string;
}
