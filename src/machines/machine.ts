import { type Bytes, type Codec, jsonCodec } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { joined, pieces } from "./frames.ts";

/**
 * A deterministic object that lives on an agreed order of commands.
 *
 * `apply` must depend on nothing but `state` and its arguments: no clock, no chance, no I/O. Time, if needed, comes in
 * commands. An error thrown by `apply` is an answer like any other: it reaches the caller on every try, and the order
 * goes on.
 */
export interface Machine<State, Command, Answer, Question, Reply> {
  readonly initial: () => State;
  /** Carries out a command, changing `state`; `index` is its place in the agreed order, each used once, rising. */
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

/**
 * What a user writes to get a `Machine`: at the least a first state and what a command does to it.
 *
 * `apply` changes `state` in place, so the state is an object. Should it throw, it must have changed nothing yet.
 */
export interface MachineDefinition<State extends object, Command, Answer, Question, Reply> {
  readonly initial: () => State;
  readonly apply: (state: State, command: Command, index: number) => Answer;
  /** Left out: a machine that answers no questions. */
  readonly query?: (state: State, question: Question) => Reply;
  /**
   * The whole state. Default: as JSON, for which it must be made of plain objects, arrays, texts, finite numbers and
   * booleans.
   */
  readonly snapshot?: (state: State) => Bytes;
  /** The state that `snapshot` described; the two are given together. */
  readonly restore?: (snapshot: Bytes) => State;
  /** Default: JSON. */
  readonly command?: Codec<Command>;
  /** Default: JSON. */
  readonly answer?: Codec<Answer>;
}

/**
 * Completes a definition to a machine.
 *
 * The snapshot is made in one go, which stops everything else for some 10 ms a megabyte: for large states spread
 * the result and replace `snapshot` and `restore` by ones that work in chunks. Throws `TypeError` for a definition that
 * cannot work.
 */
export function defineMachine<State extends object, Command, Answer, Question = void, Reply = never>(
  definition: MachineDefinition<State, Command, Answer, Question, Reply>,
): Machine<State, Command, Answer, Question, Reply> {
  const { initial, apply, snapshot, restore } = definition;
  if ((snapshot === undefined) !== (restore === undefined)) {
    throw new TypeError("defineMachine: snapshot and restore are given together or not at all");
  }
  const first: unknown = initial();
  if (typeof first !== "object" || first === null) {
    throw new TypeError("defineMachine: initial() gives an object, which apply changes in place");
  }
  if (snapshot === undefined) requireJson(first);
  const save = snapshot ?? saveJson;
  const load = restore ?? loadJson<State>;
  return {
    initial,
    apply,
    query: definition.query ?? refuseQuestion,
    snapshot: (state) => pieces(save(state)),
    restore: async (chunks) => load(await joined(chunks)),
    command: definition.command ?? jsonCodec(),
    answer: definition.answer ?? jsonCodec(),
  };
}

function refuseQuestion(): never {
  throw new TypeError("this machine answers no questions: its definition has no query");
}

const stateCodec = jsonCodec<unknown>();

function saveJson(state: object): Bytes {
  requireJson(state);
  return stateCodec.encode(state);
}

function loadJson<State>(snapshot: Bytes): State {
  const state = stateCodec.decode(snapshot);
  if (typeof state !== "object" || state === null) throw new MalformedError("the snapshot of a machine is no object");
  return state as State;
}

/** A Map would silently become `{}`: better no snapshot than one that lost something. */
function requireJson(state: object): void {
  const place = notJson(state);
  if (place === undefined) return;
  throw new TypeError(`defineMachine: JSON cannot hold state${place}; give the machine snapshot and restore`);
}

/** Where `value` holds something that JSON would not give back; `undefined` if nowhere. */
function notJson(value: unknown): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "";
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const place = notJson(value[at]);
      if (place !== undefined) return `[${at}]${place}`;
    }
    return undefined;
  }
  if (!isPlainObject(value)) return "";
  for (const key of Object.keys(value)) {
    const part = value[key];
    const place = part === undefined ? undefined : notJson(part); // a field without value comes back as no field
    if (place !== undefined) return `.${key}${place}`;
  }
  return undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
