import { unreachable } from "../../base/invariant.ts";
import type { OperationEvent } from "../operations/event.ts";
import { show } from "../operations/identity.ts";
import { type Cycle, type CycleKind, cycleNames, cycleOrders, type Dependency } from "./cycles.ts";
import type { Transaction, Transactions } from "./steps.ts";

/** Elements of a long list that are spelled out: the last ones, where transactions differ. */
const elementsMax = 12;
const stepsMax = 12;
/** Transactions of a long cycle that are told. */
const dependenciesMax = 12;

/** A transaction in a line: `process 3: r x [1, 2], append y 5`. */
export function describeTransaction(transactions: Transactions, { process, steps, outcome }: Transaction): string {
  const told = steps.slice(0, stepsMax).map((step) => {
    const key = nameKey(transactions, step.key);
    if (step.kind === "write") return `${writeWord(transactions)} ${key} ${nameValue(transactions, step.write)}`;
    return `r ${key} ${describeSeen(transactions, step.seen)}`;
  });
  const more = steps.length > stepsMax ? ", …" : "";
  const doubt = outcome === "info" ? " (never answered)" : outcome === "fail" ? " (aborted)" : "";
  return `process ${process}: ${told.join(", ")}${more}${doubt}`;
}

function describeSeen(transactions: Transactions, seen: readonly number[] | undefined): string {
  if (seen === undefined) return "?";
  if (transactions.model === "rw-register") return seen.length === 0 ? "null" : nameValue(transactions, seen[0] ?? -1);
  const shown = seen.slice(-elementsMax).map((write) => nameValue(transactions, write));
  return `[${seen.length > elementsMax ? "…, " : ""}${shown.join(", ")}]`;
}

/** The word for a write in the transactions of this model. */
function writeWord({ model }: Transactions): string {
  return model === "list-append" ? "append" : "w";
}

/** A key as its clients know it. */
export function nameKey({ keys }: Transactions, key: number): string {
  return show(keys[key]);
}

/** The value of a write. */
export function nameValue({ writes }: Transactions, write: number): string {
  return show(writes[write]?.value);
}

/** `G-single`, `G1c-realtime`. */
export function nameCycle({ level, order }: CycleKind): string {
  const suffix = order === 0 ? "" : `-${cycleOrders[order]}`;
  return `${cycleNames[level]}${suffix}`;
}

/** Who is in a cycle, why each must come before the next, and that this cannot be. */
export function describeCycle(transactions: Transactions, { dependencies }: Cycle): string {
  const shown = dependencies.slice(0, dependenciesMax);
  const names = new Map(dependencies.map(({ from }, at) => [from, `T${at + 1}`]));
  const nameOf = (transaction: number): string => names.get(transaction) ?? `T${transaction}`;
  const told = shown.flatMap(({ from }) => {
    const transaction = transactions.all[from];
    return transaction === undefined ? [] : [`${nameOf(from)}: ${describeTransaction(transactions, transaction)}`];
  });
  const reasons = shown.map((dependency) => {
    const [before, after] = [nameOf(dependency.from), nameOf(dependency.to)];
    return `${before} came before ${after}, because ${describeDependency(transactions, dependency, before, after)}.`;
  });
  const left = dependencies.length - shown.length;
  const more = left > 0 ? [`… and ${left} more, back to T1.`] : [];
  return [...told, ...reasons, ...more, "So T1 came before itself: a contradiction."].join("\n");
}

function describeDependency(
  transactions: Transactions,
  { from, to, relation, write }: Dependency,
  before: string,
  after: string,
): string {
  const { all, events, writes, model } = transactions;
  const { key = -1 } = writes[write] ?? {};
  const wrote = model === "list-append" ? "appended" : "wrote";
  const what = `${nameValue(transactions, write)} to key ${nameKey(transactions, key)}`;
  switch (relation) {
    case "ww":
      return `${after} ${wrote} ${what} on top of what ${before} ${wrote} there`;
    case "wr":
      return `${after} observed that ${before} ${wrote} ${what}`;
    case "rw":
      return `${before} did not observe that ${after} ${wrote} ${what}`;
    case "process":
      return `process ${all[from]?.process} ran one after the other`;
    case "realtime": {
      const gapNs = timeOf(events, all[to]?.invokedAt) - timeOf(events, all[from]?.completedAt);
      return `${before} ended ${(gapNs / 1e6).toFixed(3)} ms before ${after} began`;
    }
    default:
      return unreachable(relation);
  }
}

function timeOf(events: readonly OperationEvent[], place: number | undefined): number {
  return events[place ?? -1]?.timeNs ?? 0;
}
