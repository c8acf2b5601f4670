import type { Findings } from "../operations/findings.ts";
import { findComponents } from "./components.ts";
import { nameKey, nameValue } from "./explanation.ts";
import { Graph, relations } from "./graph.ts";
import { mayHaveHappened, type Transaction, type Transactions } from "./steps.ts";

/**
 * What is believed of the versions of a register, beyond that it has none at first.
 *
 * `writes-follow-reads`: what a transaction read of a key is older than what it wrote to it. `sequential-keys` and
 * `linearizable-keys`: each key by itself shows its versions to a process, or to all, in the order in which they came.
 */
export type VersionRule = "writes-follow-reads" | "sequential-keys" | "linearizable-keys";

/** The first and the last version of a key that a transaction dealt with; -1 is the initial state. */
interface Touch {
  readonly transaction: Transaction;
  readonly read: number | undefined;
  readonly written: number | undefined;
}

/** Pairs of versions of one key, the older first. */
type Pairs = Map<number, Set<number>>;

/**
 * For each key the versions that are known to follow each other directly, as far as the rules tell; `-1` stands for the
 * initial state, which is older than all and is not listed. A rule that would make versions older than themselves is a
 * finding, and is not used for that key.
 */
export function orderVersions(
  transactions: Transactions,
  rules: readonly VersionRule[],
  findings: Findings,
): readonly Pairs[] {
  return touchesOf(transactions).map((touches, key) => {
    let pairs: Pairs = new Map();
    for (const rule of rules) {
      const more = new Map([...pairs].map(([older, newer]) => [older, new Set(newer)]));
      addPairs[rule](touches, (older, newer) => addPair(more, older, newer));
      const cycle = cyclicVersions(more);
      if (cycle === undefined) pairs = more;
      else {
        const events = touches.filter(({ read, written }) => {
          return (read !== undefined && cycle.includes(read)) || (written !== undefined && cycle.includes(written));
        });
        findings.add("cyclic-versions", events.map(({ transaction }) => transaction.invokedAt).slice(0, 8), () => {
          const names = cycle.map((version) => (version === -1 ? "null" : nameValue(transactions, version)));
          return `By the rule ${rule}, each of these values of key ${nameKey(transactions, key)} is older than the others: ${names.join(", ")}.`;
        });
      }
    }
    return pairs;
  });
}

/** By key, in the order in which they were asked for, what transactions read first and wrote last. */
function touchesOf(transactions: Transactions): Touch[][] {
  const touches = transactions.keys.map((): Touch[] => []);
  for (const transaction of transactions.all) {
    if (transaction.outcome === "fail") continue;
    const own = new Map<number, { transaction: Transaction; read: number | undefined; written: number | undefined }>();
    for (const step of transaction.steps) {
      const touch = own.get(step.key) ?? { transaction, read: undefined, written: undefined };
      if (step.kind === "write") touch.written = step.write;
      else if (!own.has(step.key) && step.seen !== undefined) touch.read = step.seen[0] ?? -1;
      own.set(step.key, touch);
    }
    for (const [key, touch] of own) {
      const version = transactions.writes[touch.read ?? -1];
      if (version !== undefined && !mayHaveHappened(transactions, version)) touch.read = undefined;
      if (touch.read !== undefined || touch.written !== undefined) touches[key]?.push(touch);
    }
  }
  return touches;
}

type AddPair = (older: number, newer: number) => void;

const addPairs: Readonly<Record<VersionRule, (touches: readonly Touch[], add: AddPair) => void>> = {
  "writes-follow-reads": (touches, add) => {
    for (const { read, written } of touches) if (read !== undefined && written !== undefined) add(read, written);
  },
  "sequential-keys": (touches, add) => {
    const latest = new Map<number, Touch>();
    for (const touch of touches) {
      const before = latest.get(touch.transaction.process);
      if (before !== undefined) add(lastOf(before), firstOf(touch));
      if (touch.transaction.outcome === "ok") latest.set(touch.transaction.process, touch);
    }
  },
  "linearizable-keys": (touches, add) => {
    /** Those that have ended, without those that came before another one of them. */
    let ended: Touch[] = [];
    let running: Touch[] = [];
    for (const touch of touches) {
      const { invokedAt } = touch.transaction;
      const isOver = ({ transaction: { completedAt = invokedAt } }: Touch): boolean => completedAt < invokedAt;
      for (const each of running.filter(isOver)) {
        ended = ended.filter(({ transaction }) => (transaction.completedAt ?? 0) > each.transaction.invokedAt);
        ended.push(each);
      }
      running = running.filter((each) => !isOver(each));
      for (const each of ended) add(lastOf(each), firstOf(touch));
      if (touch.transaction.outcome === "ok") running.push(touch);
    }
  },
};

function firstOf({ read, written }: Touch): number {
  return read ?? written ?? -1;
}

function lastOf({ read, written }: Touch): number {
  return written ?? read ?? -1;
}

function addPair(pairs: Pairs, older: number, newer: number): void {
  if (older === newer) return;
  const known = pairs.get(older);
  if (known === undefined) pairs.set(older, new Set([newer]));
  else known.add(newer);
}

/** Versions each of which would be older than the others. */
function cyclicVersions(pairs: Pairs): readonly number[] | undefined {
  const versions = [...new Set([...pairs].flatMap(([older, newer]) => [older, ...newer]))];
  const places = new Map(versions.map((version, place) => [version, place]));
  const [from, to]: [number[], number[]] = [[], []];
  const join = (older: number, newer: number): void => {
    from.push(places.get(older) ?? 0);
    to.push(places.get(newer) ?? 0);
  };
  for (const [older, newer] of pairs) for (const each of newer) join(older, each);
  if (places.has(-1)) for (const version of versions) if (version !== -1) join(-1, version);
  const kinds = from.map(() => relations.ww);
  const graph = Graph.of(versions.length, versions.length, from, to, kinds, kinds);
  return findComponents(graph, relations.ww)[0]?.map((place) => versions[place] ?? -1);
}
