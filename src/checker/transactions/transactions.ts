import type { OperationEvent } from "../operations/event.ts";
import { Findings } from "../operations/findings.ts";
import type { Judgement } from "../operations/judgement.ts";
import { type ConsistencyModel, type Finding, forbids, orderOf, weakestBroken } from "./consistency.ts";
import { findCycles } from "./cycles.ts";
import { Dependencies } from "./dependencies.ts";
import { describeCycle, nameCycle } from "./explanation.ts";
import type { Graph } from "./graph.ts";
import { dependOnLists } from "./list-append.ts";
import { findLostUpdates, findWrongObservations } from "./observations.ts";
import { dependOnRegisters } from "./rw-register.ts";
import { readTransactions, type Transaction, type TransactionModel, type Transactions } from "./steps.ts";
import type { VersionRule } from "./version-order.ts";

/** What transactions are held to. */
export interface TransactionOptions {
  /** What keys hold. */
  readonly model: TransactionModel;
  /** What must hold, all of it. Default: `strict-serializable`. */
  readonly consistency?: readonly ConsistencyModel[];
  /** How versions of a register follow each other. Default: `writes-follow-reads`, which holds without lost updates. */
  readonly versionRules?: readonly VersionRule[];
}

/**
 * Whether what transactions read and wrote keeps the promises of consistency models.
 *
 * Looks for cycles of transactions each of which must come before the next, and for values that nobody should have
 * read. Finds no fault where there is none; on lists all that their reads show. Throws `MalformedError` if what was
 * asked for is no transaction of the model, or writes a value to a key twice; whatever was answered is judged.
 */
export function judgeTransactions(history: readonly OperationEvent[], options: TransactionOptions): Judgement {
  const { model, consistency = ["strict-serializable"], versionRules = ["writes-follow-reads"] } = options;
  const found = new Findings();
  const transactions = readTransactions(history, model, found);
  findWrongObservations(transactions, found);
  findLostUpdates(transactions, found);
  const order = orderOf(consistency);
  const graph = dependenciesOf(transactions, versionRules, order, found);
  const kinds: Finding[] = Object.keys(found.counts());
  const isForbidden = (finding: Finding): boolean => consistency.some((name) => forbids(name, finding));
  const allowed = new Set(kinds.filter((name) => !isForbidden(name)));
  for (const cycle of findCycles(graph, [0, 1, 2].slice(0, order + 1))) {
    const events = cycle.dependencies.map(({ from }) => transactions.all[from]?.invokedAt ?? 0);
    found.add(nameCycle(cycle), events, () => describeCycle(transactions, cycle));
    kinds.push(cycle);
    if (!isForbidden(cycle)) allowed.add(nameCycle(cycle));
  }
  const anomalies = found.anomalies.filter(({ name }) => !allowed.has(name));
  const figures = { ...countOutcomes(transactions), anomalyCounts: found.counts(), not: weakestBroken(kinds) };
  if (anomalies.length > 0) return { valid: false, anomalies, figures };
  if (graph.targets.length > 0) return { valid: true, anomalies: [], figures };
  const explanation = "No transaction was seen to come before another one.";
  return { valid: "unknown", anomalies: [{ name: "undecided", explanation, events: [] }], figures };
}

function dependenciesOf(
  transactions: Transactions,
  versionRules: readonly VersionRule[],
  order: number,
  found: Findings,
): Graph {
  const dependencies = new Dependencies(transactions.all.length);
  if (transactions.model === "list-append") dependOnLists(transactions, dependencies, found);
  else dependOnRegisters(transactions, versionRules, dependencies, found);
  if (order >= 1) dependencies.addProcesses(transactions);
  if (order >= 2) dependencies.addRealtime(transactions);
  return dependencies.build();
}

function countOutcomes({ all }: Transactions): Record<"transactions" | Transaction["outcome"], number> {
  const counts = { transactions: all.length, ok: 0, fail: 0, info: 0 };
  for (const { outcome } of all) counts[outcome]++;
  return counts;
}
