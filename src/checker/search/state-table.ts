import type { Model } from "../model.ts";

/** What a state is reckoned to take besides its key: two table entries, a slot and the object itself. */
const entryBytes = 200;

/** Numbers states, equal ones alike, so that the search compares numbers; keys are compared in full, not by hash. */
export class StateTable<State> {
  readonly #key: Model<State, never, never>["key"];
  readonly #byState = new Map<State, number>();
  readonly #byKey = new Map<string, number>();
  readonly #states: State[] = [];
  readonly #keyOf = (inner: State): string => String(this.numberOf(inner));
  /** An estimate: a state is taken to be twice as large as its key. */
  bytes = 0;

  constructor({ key }: Pick<Model<State, never, never>, "key">) {
    this.#key = key;
  }

  /** The number of `state`, a new one if no equal state has been seen. */
  numberOf(state: State): number {
    const known = this.#byState.get(state);
    if (known !== undefined) return known;
    const key = this.#key(state, this.#keyOf);
    const equal = this.#byKey.get(key);
    if (equal !== undefined) return equal;
    const number = this.#states.length;
    this.#states.push(state);
    this.#byState.set(state, number);
    this.#byKey.set(key, number);
    this.bytes += entryBytes + key.length * 6; // two bytes a character, and the state
    return number;
  }

  /** The first state seen of those with this number. */
  stateOf(number: number): State {
    return this.#states[number] as State;
  }
}
