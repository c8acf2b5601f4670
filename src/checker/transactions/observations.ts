import type { Findings } from "../operations/findings.ts";
import { describeTransaction, nameKey, nameValue } from "./explanation.ts";
import type { Step, Transaction, Transactions } from "./steps.ts";

type Read = Extract<Step, { kind: "read" }>;

/** Looks at each transaction that was answered, by itself, for what it cannot have seen. */
export function findWrongObservations(transactions: Transactions, findings: Findings): void {
  for (const transaction of transactions.all) {
    if (transaction.outcome !== "ok") continue;
    for (const step of transaction.steps) {
      if (step.kind === "read") judgeRead(transactions, transaction, step, findings);
    }
    findFutureRead(transactions, transaction, findings);
    findInternal(transactions, transaction, findings);
  }
}

/** Aborted and intermediate reads (Adya's G1a and G1b), values out of nowhere, and elements that a list has twice. */
function judgeRead(
  transactions: Transactions,
  reader: Transaction,
  { key, seen = [] }: Read,
  findings: Findings,
): void {
  const { all, writes } = transactions;
  const report = (name: string, write: number, told: (writer: string) => string): void => {
    const writer = all[writes[write]?.transaction ?? -1];
    const events = writer === undefined ? [reader.invokedAt] : [writer.invokedAt, reader.invokedAt];
    findings.add(name, events, () => {
      const what = `${nameValue(transactions, write)} of key ${nameKey(transactions, key)}`;
      return [
        ...(writer === undefined ? [] : [`T1: ${describeTransaction(transactions, writer)}`]),
        `T2: ${describeTransaction(transactions, reader)}`,
        `T2 observed ${what}, ${told("T1")}.`,
      ].join("\n");
    });
  };
  for (const write of seen) {
    const { transaction = -1 } = writes[write] ?? {};
    if (transaction < 0) report("unwritten-read", write, () => "which nobody wrote");
    else if (all[transaction]?.outcome === "fail") report("G1a", write, (writer) => `and ${writer} was aborted`);
  }
  const last = seen.at(-1) ?? -1;
  const { isIntermediate = false, transaction = -1 } = writes[last] ?? {};
  if (isIntermediate && transaction !== reader.number) {
    report("G1b", last, (writer) => `and ${writer} went on to write that key again`);
  }
  const twice = seen.length === new Set(seen).size ? undefined : seen.find((each, at) => seen.indexOf(each) !== at);
  if (twice !== undefined) {
    report("duplicate-elements", twice, () => "more than once in one list, though it was appended once");
  }
}

/** A transaction observes what it writes only later. */
function findFutureRead(transactions: Transactions, reader: Transaction, findings: Findings): void {
  const { writes } = transactions;
  const done = new Set<number>();
  for (const step of reader.steps) {
    if (step.kind === "write") done.add(step.write);
    else {
      const early = step.seen?.find((write) => writes[write]?.transaction === reader.number && !done.has(write));
      if (early === undefined) continue;
      findings.add("future-read", [reader.invokedAt], () => {
        const what = `${nameValue(transactions, early)} of key ${nameKey(transactions, step.key)}`;
        return `T1: ${describeTransaction(transactions, reader)}\nT1 observed ${what} before it wrote that itself.`;
      });
      return;
    }
  }
}

/** What a key held when a transaction last read or set it, if that is known, and what it has appended since. */
interface KnownState {
  readonly base: readonly number[] | undefined;
  readonly own: number[];
}

/**
 * A transaction disagrees with itself: a read does not fit the transaction's own earlier reads and writes of the key
 * (the axiom Int of Cerone, Bernardi and Gotsman).
 */
function findInternal(transactions: Transactions, reader: Transaction, findings: Findings): void {
  const states = new Map<number, KnownState>();
  for (const step of reader.steps) {
    const state = states.get(step.key);
    if (step.kind === "write") {
      if (transactions.model === "rw-register") states.set(step.key, { base: [step.write], own: [] });
      else if (state === undefined) states.set(step.key, { base: undefined, own: [step.write] });
      else state.own.push(step.write);
    } else if (step.seen !== undefined) {
      if (state !== undefined && !fits(step.seen, state)) {
        findings.add("internal", [reader.invokedAt], () => describeInternal(transactions, reader, step, state));
        return;
      }
      states.set(step.key, { base: step.seen, own: [] });
    }
  }
}

function describeInternal(
  transactions: Transactions,
  reader: Transaction,
  { key, seen = [] }: Read,
  state: KnownState,
): string {
  const tell = (writes: readonly number[]): string[] => writes.map((write) => nameValue(transactions, write));
  const expected = [...(state.base === undefined ? ["…"] : tell(state.base)), ...tell(state.own)].join(", ");
  const made = `make ${expected === "" ? "nothing" : expected} the value of key ${nameKey(transactions, key)}`;
  const found = seen.length === 0 ? "nothing" : tell(seen).join(", ");
  return `T1: ${describeTransaction(transactions, reader)}\nT1's own earlier steps ${made}, but it read ${found}.`;
}

function fits(seen: readonly number[], { base, own }: KnownState): boolean {
  const start = seen.length - own.length;
  if (start < 0 || (base !== undefined && start !== base.length)) return false;
  return (base ?? []).every((write, at) => seen[at] === write) && own.every((write, at) => seen[start + at] === write);
}

/**
 * Two transactions read the same version of a key and both went on to write it: one of them did not know of the other,
 * whatever the order of their writes.
 */
export function findLostUpdates(transactions: Transactions, findings: Findings): void {
  const updates = new Map<number, Map<number, Transaction[]>>();
  for (const transaction of transactions.all) {
    if (transaction.outcome !== "ok") continue;
    for (const [key, version] of updatedVersions(transaction)) {
      const versions = updates.get(key) ?? new Map<number, Transaction[]>();
      updates.set(key, versions);
      const updaters = versions.get(version);
      if (updaters === undefined) versions.set(version, [transaction]);
      else updaters.push(transaction);
    }
  }
  for (const [key, versions] of updates) {
    for (const [version, updaters] of versions) {
      if (updaters.length < 2) continue;
      const events = updaters.map(({ invokedAt }) => invokedAt);
      findings.add("lost-update", events.slice(0, shownMax), () => {
        const lines = updaters.slice(0, shownMax).map((each, at) => {
          return `T${at + 1}: ${describeTransaction(transactions, each)}`;
        });
        const what =
          version < 0 ? "the initial state" : `the version that ends with ${nameValue(transactions, version)}`;
        const claim = `${updaters.length} transactions read ${what} of key ${nameKey(transactions, key)} and wrote it.`;
        return [...lines, claim].join("\n");
      });
    }
  }
}

const shownMax = 4;

/** Keys that a transaction first read and then wrote, with the version read: its last write, or -1 for none. */
function updatedVersions({ steps }: Transaction): Map<number, number> {
  const first = new Map<number, number | undefined>();
  const updated = new Map<number, number>();
  for (const step of steps) {
    const known = first.get(step.key);
    if (step.kind === "write" && known !== undefined && !updated.has(step.key)) updated.set(step.key, known);
    if (first.has(step.key)) continue;
    first.set(step.key, step.kind === "write" || step.seen === undefined ? undefined : (step.seen.at(-1) ?? -1));
  }
  return updated;
}
