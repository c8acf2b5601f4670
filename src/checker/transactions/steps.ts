import { MalformedError } from "../../base/errors.ts";
import { type OperationEvent, pairEvents } from "../operations/event.ts";
import type { Findings } from "../operations/findings.ts";
import { identityOf, show } from "../operations/identity.ts";

/** What keys hold: lists that grow at their ends, or single values. */
export type TransactionModel = "list-append" | "rw-register";

/** What one step did, in numbers of the ledger. */
export type Step =
  | { readonly kind: "write"; readonly key: number; readonly write: number }
  /** The writes that made the value: a list's, in order; a register's last one; `undefined` if nobody heard. */
  | { readonly kind: "read"; readonly key: number; readonly seen: readonly number[] | undefined };

/** A transaction, and what became of it: `info` may have happened as a whole or not at all. */
export interface Transaction {
  /** Its place among all transactions, from 0. */
  readonly number: number;
  readonly process: number;
  readonly outcome: "ok" | "info" | "fail";
  readonly steps: readonly Step[];
  /** Places of its events in the history. */
  readonly invokedAt: number;
  readonly completedAt: number | undefined;
}

/** One value that a transaction gave a key. */
export interface Write {
  readonly key: number;
  readonly value: unknown;
  /** Who wrote it; -1 for a value that was read and that nobody wrote. */
  readonly transaction: number;
  /** Whether the same transaction went on to write the same key. */
  isIntermediate: boolean;
}

/** All transactions, with numbers in the place of keys and values. */
export interface Transactions {
  readonly model: TransactionModel;
  readonly events: readonly OperationEvent[];
  readonly all: readonly Transaction[];
  readonly keys: readonly unknown[];
  readonly writes: readonly Write[];
}

/** Whether a write counts: somebody wrote it, and was not aborted. */
export function mayHaveHappened({ all }: Transactions, { transaction }: Write): boolean {
  return transaction >= 0 && all[transaction]?.outcome !== "fail";
}

/** Numbers keys, and the values that each of them was given. */
class Ledger {
  readonly keys: unknown[] = [];
  readonly writes: Write[] = [];
  readonly #keyNumbers = new Map<number | string, number>();
  readonly #values: Map<number | string, number>[] = [];

  keyOf(key: unknown): number {
    const identity = identityOf(key);
    const known = this.#keyNumbers.get(identity);
    if (known !== undefined) return known;
    this.#keyNumbers.set(identity, this.keys.length);
    this.#values.push(new Map());
    return this.keys.push(key) - 1;
  }

  write(key: number, value: unknown, transaction: number): number {
    const values = this.#values[key];
    const identity = identityOf(value);
    if (values?.has(identity)) {
      throw new MalformedError(`${show(value)} is written to key ${show(this.keys[key])} twice: values must differ`);
    }
    const number = this.writes.push({ key, value, transaction, isIntermediate: false }) - 1;
    values?.set(identity, number);
    return number;
  }

  /** The write that made a value which was read. */
  find(key: number, value: unknown): number {
    return this.#values[key]?.get(identityOf(value)) ?? this.write(key, value, -1);
  }
}

type WireStep = readonly [f: string, key: unknown, value?: unknown];

/**
 * Reads the transactions of a history: `txn` with steps `["r", key, value]` and `["append", key, value]` or
 * `["w", key, value]`.
 *
 * Throws `MalformedError` for what was asked; an answer that does not fit its request is a finding.
 */
export function readTransactions(
  events: readonly OperationEvent[],
  model: TransactionModel,
  findings: Findings,
): Transactions {
  const ledger = new Ledger();
  const asked = pairEvents(events)
    .filter(({ invoked }) => invoked.f === "txn")
    .map((pair, number) => ({ pair, number, steps: readSteps(pair.index, pair.invoked.value, model) }));
  const writes = asked.map(({ number, steps }) => numberWrites(steps, number, ledger));
  const all = asked.map(({ pair: { index, invoked, completed, completedIndex }, number, steps }): Transaction => {
    const outcome = completed === undefined || completed.type === "invoke" ? "info" : completed.type;
    const answer = outcome === "ok" ? readAnswer(completed?.value, steps, model) : undefined;
    if (outcome === "ok" && answer === undefined) {
      findings.add("malformed-answer", [index, completedIndex ?? index], () => {
        return `The answer to ${show(invoked.value)} was ${show(completed?.value)}, which does not fit it.`;
      });
    }
    return {
      number,
      process: invoked.process,
      outcome,
      steps: steps.map(([f, key], at) => {
        const write = writes[number]?.[at] ?? -1;
        if (f !== "r") return { kind: "write", key: ledger.keyOf(key), write };
        return { kind: "read", key: ledger.keyOf(key), seen: findSeen(answer?.[at], model, ledger) };
      }),
      invokedAt: index,
      completedAt: completedIndex,
    };
  });
  return { model, events, all, keys: ledger.keys, writes: ledger.writes };
}

function readSteps(index: number, value: unknown, model: TransactionModel): readonly WireStep[] {
  const write = model === "list-append" ? "append" : "w";
  const isStep = (step: unknown): step is WireStep =>
    Array.isArray(step) && (step[0] === "r" || (step[0] === write && (step[2] ?? null) !== null));
  if (Array.isArray(value) && value.every(isStep)) return value;
  const wanted = `a list of steps ["r", key, null] or ["${write}", key, value]`;
  throw new MalformedError(`event ${index + 1} of the history: a transaction must be ${wanted}, not ${show(value)}`);
}

function numberWrites(steps: readonly WireStep[], transaction: number, ledger: Ledger): readonly number[] {
  const last = new Map<number, number>();
  return steps.map(([f, key, value]) => {
    const number = ledger.keyOf(key);
    if (f === "r") return -1;
    const before = ledger.writes[last.get(number) ?? -1];
    if (before !== undefined) before.isIntermediate = true;
    const write = ledger.write(number, value, transaction);
    last.set(number, write);
    return write;
  });
}

/** The steps of an answer, if they are those that were asked for. */
function readAnswer(
  value: unknown,
  asked: readonly WireStep[],
  model: TransactionModel,
): readonly WireStep[] | undefined {
  if (!Array.isArray(value) || value.length !== asked.length) return undefined;
  const fits = asked.every(([f, key, written], at) => {
    const step: unknown = value[at];
    if (!Array.isArray(step) || step[0] !== f || identityOf(step[1]) !== identityOf(key)) return false;
    if (f !== "r") return identityOf(step[2]) === identityOf(written);
    return model === "rw-register" || (step[2] ?? null) === null || Array.isArray(step[2]);
  });
  return fits ? value : undefined;
}

function findSeen(step: WireStep | undefined, model: TransactionModel, ledger: Ledger): readonly number[] | undefined {
  if (step === undefined) return undefined;
  const [, key, value = null] = step;
  const number = ledger.keyOf(key);
  if (value === null) return [];
  return (model === "list-append" && Array.isArray(value) ? value : [value]).map((each) => ledger.find(number, each));
}
