import { Graph, link, type Relation, relations } from "./graph.ts";
import type { Transactions } from "./steps.ts";

/** More pairs than this many times their members are joined through nodes of their own. */
const directFactor = 4;

/** What depends on what: an edge leads to the transaction that must come later. */
export class Dependencies {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #kinds: number[] = [];
  readonly #writes: number[] = [];
  readonly #transactions: number;
  #nodes: number;

  constructor(transactions: number) {
    this.#transactions = transactions;
    this.#nodes = transactions;
  }

  /** `write` is the one that shows it: the later one of two, the one observed, or the one not observed. */
  add(from: number, to: number, relation: Relation, write: number): void {
    if (from !== to) this.#join(from, to, relations[relation], write);
  }

  /**
   * From each source to each target but itself; `targets` are writers with what they wrote.
   *
   * Many pairs cost no more than their members: two rows of nodes, one that reaches all targets from a place on, and
   * one all until a place, let a source that is a target pass by itself.
   */
  fan(
    sources: readonly number[],
    targets: readonly { readonly transaction: number; readonly write: number }[],
    relation: Relation,
  ): void {
    if (sources.length * targets.length <= directFactor * (sources.length + targets.length)) {
      for (const source of sources) {
        for (const { transaction, write } of targets) this.add(source, transaction, relation, write);
      }
      return;
    }
    const sorted = [...targets].sort((left, right) => left.transaction - right.transaction);
    const until = this.#nodes;
    const from = until + sorted.length;
    this.#nodes += 2 * sorted.length;
    for (const [at, { transaction, write }] of sorted.entries()) {
      this.#join(until + at, transaction, link, write);
      this.#join(from + at, transaction, link, write);
      if (at > 0) {
        this.#join(until + at, until + at - 1, link, -1);
        this.#join(from + at - 1, from + at, link, -1);
      }
    }
    const firstFrom = (transaction: number): number => firstIndex(sorted, (each) => each.transaction >= transaction);
    for (const source of sources) {
      const [before, after] = [firstFrom(source), firstFrom(source + 1)];
      if (before > 0) this.#join(source, until + before - 1, relations[relation], -1);
      if (after < sorted.length) this.#join(source, from + after, relations[relation], -1);
    }
  }

  /** What ended before another began comes before it; nodes for moments in time keep that linear. */
  addRealtime({ events, all }: Transactions): void {
    const begins = new Int32Array(events.length).fill(-1);
    const ends = new Int32Array(events.length).fill(-1);
    for (const { number, outcome, invokedAt, completedAt } of all) {
      if (outcome !== "fail") begins[invokedAt] = number;
      if (outcome === "ok" && completedAt !== undefined) ends[completedAt] = number;
    }
    let moment = -1;
    let ended: number[] = [];
    for (const at of events.keys()) {
      const [begin = -1, end = -1] = [begins[at], ends[at]];
      if (end >= 0) ended.push(end);
      if (begin < 0) continue;
      if (ended.length > 0) {
        const next = this.#nodes++;
        if (moment >= 0) this.#join(moment, next, link, -1);
        for (const number of ended) this.#join(number, next, relations.realtime, -1);
        moment = next;
        ended = [];
      }
      if (moment >= 0) this.#join(moment, begin, link, -1);
    }
  }

  /** What one process did comes in that order. */
  addProcesses({ all }: Transactions): void {
    const latest = new Map<number, number>();
    for (const { number, process, outcome } of all) {
      if (outcome === "fail") continue;
      const before = latest.get(process);
      if (before !== undefined) this.add(before, number, "process", -1);
      if (outcome === "ok") latest.set(process, number); // one without an answer may happen later
    }
  }

  build(): Graph {
    return Graph.of(this.#transactions, this.#nodes, this.#from, this.#to, this.#kinds, this.#writes);
  }

  #join(from: number, to: number, kind: number, write: number): void {
    this.#from.push(from);
    this.#to.push(to);
    this.#kinds.push(kind);
    this.#writes.push(write);
  }
}

/** The first place for which `holds`, where it holds for all later ones. */
function firstIndex<Each>(sorted: readonly Each[], holds: (each: Each) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const each = sorted[middle];
    if (each !== undefined && holds(each)) high = middle;
    else low = middle + 1;
  }
  return low;
}
