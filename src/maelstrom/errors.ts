import { OperatingError, type Outcome, type Retry } from "../base/errors.ts";
import type { Body } from "./messages.ts";

/** Maelstrom's errors by name. Numbers from 1000 on are free for a system's own. */
const numbers = {
  timeout: 0,
  "node-not-found": 1,
  "not-supported": 10,
  "temporarily-unavailable": 11,
  "malformed-request": 12,
  crash: 13,
  abort: 14,
  "key-does-not-exist": 20,
  "key-already-exists": 21,
  "precondition-failed": 22,
  "txn-conflict": 30,
} as const;

/** The name of one of Maelstrom's errors. */
export type ErrorName = keyof typeof numbers;

const names = new Map<number, ErrorName>(Object.entries(numbers).map(([name, number]) => [number, name as ErrorName]));

/** What a repeat of the same request may change. */
const retries: Readonly<Partial<Record<ErrorName, Retry>>> = {
  timeout: "now",
  "temporarily-unavailable": "now",
  crash: "now",
  abort: "now",
  "txn-conflict": "now",
};

/**
 * A request that failed, in Maelstrom's terms: thrown by a handler it is the answer, and an answer like it is thrown.
 *
 * `outcome` is `not-applied` for what Maelstrom calls definite: nothing happened, and nothing will. When in doubt use
 * `crash` or `timeout`, or a number of your own: all of them are indefinite.
 */
export class MaelstromError extends OperatingError {
  override readonly name = "MaelstromError";
  override readonly code = "QUORATE_MAELSTROM";
  override readonly retry: Retry;
  override readonly outcome: Outcome;
  /** `undefined` for a number that is not Maelstrom's. */
  readonly kind: ErrorName | undefined;
  /** The code on the wire. */
  readonly number: number;

  constructor(kind: ErrorName | number, text: string, options?: { cause?: unknown }) {
    super(text, options);
    this.kind = typeof kind === "number" ? names.get(kind) : kind;
    this.number = typeof kind === "number" ? kind : numbers[kind];
    const isUnknown = this.kind === undefined || this.kind === "timeout" || this.kind === "crash";
    this.outcome = isUnknown ? "unknown" : "not-applied";
    this.retry = (this.kind && retries[this.kind]) ?? "never";
  }
}

/** The error that the body of a message of type `error` tells. */
export function errorOf({ code, text }: Body): MaelstromError {
  const number = typeof code === "number" ? code : numbers.crash;
  return new MaelstromError(number, typeof text === "string" ? text : `error ${String(code)}`);
}

/** What to answer when a handler failed: never more definite than the failure is. */
export function answerTo(failure: unknown): MaelstromError {
  if (failure instanceof MaelstromError) return failure;
  const cause = { cause: failure };
  if (!(failure instanceof OperatingError)) return new MaelstromError("crash", String(failure), cause);
  if (failure.outcome === "unknown") return new MaelstromError("timeout", failure.message, cause);
  return new MaelstromError(failure.retry === "never" ? "abort" : "temporarily-unavailable", failure.message, cause);
}
