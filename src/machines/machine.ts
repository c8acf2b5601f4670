import type { Bytes, Codec } from "../base/bytes.ts";

/**
 * A deterministic object that lives on an agreed order of commands.
 *
 * `apply` must depend on nothing but `state` and its arguments: no clock, no chance, no I/O. Time, if needed, comes in
 * commands. An error thrown by `apply` is an answer like any other: it reaches the caller on every try, and the order
 * goes on.
 */
export interface Machine<State, Command, Answer, Question, Reply> {
  readonly initial: () => State;
  /** Carries out a command, changing `state`; `index` is its place in the agreed order. */
  readonly apply: (state: State, command: Command, index: number) => Answer;
  /** Answers without changing anything. */
  readonly query: (state: State, question: Question) => Reply;
  /**
   * The state as of the call, in chunks; commands applied while they are read must not show.
   * Chunks are joined and split anew on the way: their borders carry no meaning.
   */
  readonly snapshot: (state: State) => Iterable<Bytes>;
  /** The state that `snapshot` described. Throws `MalformedError` for anything else. */
  readonly restore: (chunks: AsyncIterable<Bytes>) => Promise<State>;
  readonly command: Codec<Command>;
  readonly answer: Codec<Answer>;
}
