import { OperatingError } from "../base/errors.ts";
import type { History, Operation } from "./history.ts";

/** How one method of a client is told in a model's words. */
export interface RecordedMethod<Args extends readonly unknown[], Answer, Call, Result> {
  readonly call: (...args: Args) => Call;
  readonly result: (answer: Answer) => Result;
  /** For an answer that comes as an error, such as a condition that did not hold; `undefined` for any other error. */
  readonly refusal?: (error: unknown) => Result | undefined;
}

/** The methods that are recorded; all others are passed through. */
export type RecordedMethods<Client, Call, Result> = {
  readonly [Name in keyof Client]?: Client[Name] extends (...args: infer Args) => infer Answer
    ? RecordedMethod<Args, Awaited<Answer>, Call, Result>
    : never;
};

/** A call in no model's words. */
export interface PlainCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What a method resolved to, in no model's words. */
export interface PlainResult {
  readonly value: unknown;
}

/** Time and bounds of a recording. */
export interface RecordingOptions {
  /** A clock that all clients share, in whole numbers. Default: a counter of calls and returns. */
  readonly now?: () => number;
  /** Most calls kept; the next one throws a `RangeError` and is not made. Default 1,000,000. */
  readonly callsMax?: number;
}

/** What clients call and what comes of it, as it happens. */
export interface Recording<Client, Call, Result> {
  /** The client under a name of its own: one for each of those that call at the same time. */
  client(name: string): Client;
  /** All calls so far; those not answered yet are open. */
  history(): History<Call, Result>;
}

type AnyMethod = RecordedMethod<readonly unknown[], unknown, unknown, unknown>;
type Kept = { -readonly [Name in keyof Operation<unknown, unknown>]: Operation<unknown, unknown>[Name] };

const defaultCallsMax = 1_000_000;

/**
 * Records each method of `client` that returns something: the methods named in `methods`, in a model's words; or all of
 * them as a `PlainCall`, for a model of your own.
 *
 * A call that fails is left out if its error says that it was not applied (`outcome` of an `OperatingError`). After any
 * other error it stays open, because it may have taken effect, or may do so later.
 */
export function recordHistory<Client extends object>(client: Client): Recording<Client, PlainCall, PlainResult>;
export function recordHistory<Client extends object, Call, Result>(
  client: Client,
  methods: RecordedMethods<Client, Call, Result>,
  options?: RecordingOptions,
): Recording<Client, Call, Result>;
/** Either of them. */
export function recordHistory<Client extends object>(
  client: Client,
  methods?: RecordedMethods<Client, unknown, unknown>,
  options: RecordingOptions = {},
): Recording<Client, unknown, unknown> {
  const recorder = new Recorder(options);
  const wordsOf = (name: string): AnyMethod | undefined =>
    methods === undefined ? plain(name) : (methods as Readonly<Record<string, AnyMethod>>)[name];
  return {
    client: (caller) =>
      new Proxy(client, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== "function") return member;
          const words = typeof name === "string" ? wordsOf(name) : undefined;
          if (words === undefined) return member.bind(target);
          return (...args: unknown[]) => recorder.record(caller, words, args, () => member.apply(target, args));
        },
      }),
    history: () => recorder.history(),
  };
}

function plain(method: string): AnyMethod {
  return { call: (...args): PlainCall => ({ method, args }), result: (value): PlainResult => ({ value }) };
}

class Recorder {
  readonly #now: () => number;
  readonly #callsMax: number;
  readonly #calls = new Set<Kept>();
  #count = 0;

  constructor({ now = () => ++this.#count, callsMax = defaultCallsMax }: RecordingOptions) {
    this.#now = now;
    this.#callsMax = callsMax;
  }

  history(): History<unknown, unknown> {
    return Array.from(this.#calls, (kept) => ({ ...kept }));
  }

  record(client: string, words: AnyMethod, args: readonly unknown[], act: () => unknown): unknown {
    if (this.#calls.size >= this.#callsMax) throw new RangeError(`the recording is full: ${this.#callsMax} calls`);
    const call = words.call(...args);
    const kept: Kept = { client, call, calledAt: this.#now(), result: undefined, returnedAt: undefined };
    this.#calls.add(kept);
    const succeed = (answer: unknown): unknown => {
      this.#finish(kept, words.result(answer));
      return answer;
    };
    const fail = (error: unknown): never => {
      const refusal = words.refusal?.(error);
      if (refusal !== undefined) this.#finish(kept, refusal);
      else if (isWithoutEffect(error)) this.#calls.delete(kept);
      throw error;
    };
    let answer: unknown;
    try {
      answer = act();
    } catch (error) {
      return fail(error);
    }
    return isThenable(answer) ? answer.then(succeed, fail) : succeed(answer);
  }

  #finish(kept: Kept, result: unknown): void {
    kept.result = result;
    kept.returnedAt = this.#now();
  }
}

function isWithoutEffect(error: unknown): boolean {
  return error instanceof OperatingError && error.outcome === "not-applied";
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
