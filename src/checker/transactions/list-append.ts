import type { Findings } from "../operations/findings.ts";
import type { Dependencies } from "./dependencies.ts";
import { describeTransaction, nameKey, nameValue } from "./explanation.ts";
import { mayHaveHappened, type Transaction, type Transactions } from "./steps.ts";

/** The reads of one list, and what they say of its order. */
interface List {
  /** The longest value that was read. */
  longest: readonly number[];
  reader: Transaction | undefined;
  /** How much of it all reads agree on. */
  agreed: number;
}

interface Writer {
  readonly transaction: number;
  readonly write: number;
}

/**
 * Dependencies between transactions on lists: a read shows the order of all that was appended until then (Kingsbury and
 * Alvaro, "Elle", 2020). What was appended and never read comes after all that was.
 */
export function dependOnLists(transactions: Transactions, dependencies: Dependencies, findings: Findings): void {
  const lists = findOrders(transactions, findings);
  for (const [key, { longest }] of lists.entries()) findDirtyUpdates(transactions, key, longest, findings);
  const happened = transactions.writes.map((write) => mayHaveHappened(transactions, write));
  const orders = lists.map(({ longest, agreed }) => {
    return [...new Set(longest.slice(0, agreed))].filter((write) => happened[write] === true);
  });
  const places = new Int32Array(transactions.writes.length).fill(-1);
  for (const order of orders) for (const [place, write] of order.entries()) places[write] = place;
  const unread = lists.map((): Writer[] => []);
  for (const [write, { key, transaction }] of transactions.writes.entries()) {
    if (happened[write] === true && places[write] === -1) unread[key]?.push({ transaction, write });
  }
  const writerOf = (write: number): number => transactions.writes[write]?.transaction ?? -1;
  for (const [key, order] of orders.entries()) {
    for (const [place, write] of order.entries()) {
      if (place > 0) dependencies.add(writerOf(order[place - 1] ?? -1), writerOf(write), "ww", write);
    }
    const last = order.at(-1);
    if (last !== undefined) dependencies.fan([writerOf(last)], unread[key] ?? [], "ww");
  }
  const readersOfAll = lists.map(() => new Set<number>());
  for (const { number, steps } of transactions.all) {
    for (const step of steps) {
      if (step.kind === "write" || step.seen === undefined) continue;
      const { key, seen } = step;
      const last = seen.at(-1);
      if (last !== undefined && happened[last] === true) dependencies.add(writerOf(last), number, "wr", last);
      const known = seen.findLast((write) => happened[write] === true);
      const place = known === undefined ? -1 : (places[known] ?? -1);
      if (known !== undefined && place === -1) continue; // reads do not agree on what comes after this
      const next = orders[key]?.[place + 1];
      if (next !== undefined) dependencies.add(number, writerOf(next), "rw", next);
      else readersOfAll[key]?.add(number);
    }
  }
  for (const [key, readers] of readersOfAll.entries()) dependencies.fan([...readers], unread[key] ?? [], "rw");
}

/** The order of each list, from its longest read; reads that are no beginning of it do not fit one order. */
function findOrders(transactions: Transactions, findings: Findings): List[] {
  const lists = transactions.keys.map((): List => ({ longest: [], reader: undefined, agreed: 0 }));
  const answered = transactions.all.filter(({ outcome }) => outcome === "ok");
  for (const reader of answered) {
    for (const step of reader.steps) {
      const list = lists[step.key];
      if (step.kind === "write" || list === undefined || (step.seen?.length ?? 0) <= list.longest.length) continue;
      list.longest = step.seen ?? [];
      list.reader = reader;
    }
  }
  for (const list of lists) list.agreed = list.longest.length;
  for (const reader of answered) {
    for (const step of reader.steps) {
      const list = lists[step.key];
      if (step.kind === "write" || step.seen === undefined || list === undefined) continue;
      const differs = step.seen.findIndex((write, at) => write !== list.longest[at]);
      if (differs === -1) continue;
      list.agreed = Math.min(list.agreed, differs);
      reportOrders(transactions, step.key, list, reader, findings);
    }
  }
  return lists;
}

function reportOrders(
  transactions: Transactions,
  key: number,
  { reader: other }: List,
  reader: Transaction,
  findings: Findings,
): void {
  if (other === undefined) return;
  findings.add("incompatible-order", [other.invokedAt, reader.invokedAt], () =>
    [
      `T1: ${describeTransaction(transactions, other)}`,
      `T2: ${describeTransaction(transactions, reader)}`,
      `Neither value of key ${nameKey(transactions, key)} is a beginning of the other: no one order of appends made both.`,
    ].join("\n"),
  );
}

/** What an aborted transaction appended lies under what another one, which was not, appended later. */
function findDirtyUpdates(transactions: Transactions, key: number, order: readonly number[], findings: Findings): void {
  let aborted: number | undefined;
  for (const write of order) {
    const writer = transactions.all[transactions.writes[write]?.transaction ?? -1];
    if (writer?.outcome === "fail") aborted = write;
    else if (writer?.outcome === "ok" && aborted !== undefined) {
      const below = transactions.all[transactions.writes[aborted]?.transaction ?? -1];
      const value = nameValue(transactions, aborted);
      aborted = undefined;
      if (below === undefined) continue;
      findings.add("dirty-update", [below.invokedAt, writer.invokedAt], () =>
        [
          `T1: ${describeTransaction(transactions, below)}`,
          `T2: ${describeTransaction(transactions, writer)}`,
          `T1 was aborted, and yet T2's append of ${nameValue(transactions, write)} to key ` +
            `${nameKey(transactions, key)} came on top of T1's ${value}.`,
        ].join("\n"),
      );
    }
  }
}
