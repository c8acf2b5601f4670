import type { CycleKind } from "./cycles.ts";

/** A promise that transactions may be held to. */
export type ConsistencyModel =
  | "read-uncommitted"
  | "read-committed"
  | "monotonic-atomic-view"
  | "read-atomic"
  | "update-atomic"
  | "parallel-snapshot-isolation"
  | "cursor-stability"
  | "consistent-view"
  | "repeatable-read"
  | "snapshot-isolation"
  | "serializable"
  | "strong-session-read-uncommitted"
  | "strong-session-read-committed"
  | "strong-session-snapshot-isolation"
  | "strong-session-serializable"
  | "strong-read-uncommitted"
  | "strong-read-committed"
  | "strong-snapshot-isolation"
  | "strong-serializable"
  | "strict-serializable";

/** What a consistency model forbids. */
interface Prohibition {
  /** The mildest cycle that it forbids, with all that are worse; as in `cycleNames`. */
  readonly level: number;
  /** The furthest order that such a cycle may need; as in `cycleOrders`. */
  readonly order: number;
  /** Anomalies that are no cycles. */
  readonly others: readonly string[];
}

const garbled = ["malformed-answer", "duplicate-elements", "cyclic-versions"];
const dirty = [...garbled, "G1a", "G1b", "dirty-update", "incompatible-order", "future-read", "unwritten-read"];
const [g0, g1c, single, nonadjacent, g2] = [0, 1, 2, 3, 4];
const [none, process, realtime] = [0, 1, 2];

const readUncommitted: Prohibition = { level: g0, order: none, others: garbled };
const readCommitted: Prohibition = { level: g1c, order: none, others: dirty };
const readAtomic: Prohibition = { level: g1c, order: none, others: [...dirty, "internal"] };
const updateAtomic: Prohibition = { level: g1c, order: none, others: [...dirty, "internal", "lost-update"] };
const parallelSnapshotIsolation: Prohibition = { ...updateAtomic, level: single };
const cursorStability: Prohibition = { level: g1c, order: none, others: [...dirty, "lost-update"] };
const consistentView: Prohibition = { level: single, order: none, others: [...dirty, "lost-update"] };
const repeatableRead: Prohibition = { level: g2, order: none, others: [...dirty, "lost-update"] };
const snapshotIsolation: Prohibition = { level: nonadjacent, order: none, others: updateAtomic.others };
const serializable: Prohibition = { level: g2, order: none, others: updateAtomic.others };

/**
 * What each model forbids, weaker models first: Adya's definitions, with Cerone, Bernardi and Gotsman's axiom of
 * internal consistency and their cycles of snapshot isolation, parallel and not, and the variants that also keep the
 * order of sessions (`strong-session-…`) or of real time.
 */
const prohibitions: Readonly<Record<ConsistencyModel, Prohibition>> = {
  "read-uncommitted": readUncommitted,
  "read-committed": readCommitted,
  "monotonic-atomic-view": readCommitted,
  "read-atomic": readAtomic,
  "update-atomic": updateAtomic,
  "parallel-snapshot-isolation": parallelSnapshotIsolation,
  "cursor-stability": cursorStability,
  "consistent-view": consistentView,
  "repeatable-read": repeatableRead,
  "snapshot-isolation": snapshotIsolation,
  serializable,
  "strong-session-read-uncommitted": { ...readUncommitted, order: process },
  "strong-session-read-committed": { ...readCommitted, order: process },
  "strong-session-snapshot-isolation": { ...snapshotIsolation, order: process },
  "strong-session-serializable": { ...serializable, order: process },
  "strong-read-uncommitted": { ...readUncommitted, order: realtime },
  "strong-read-committed": { ...readCommitted, order: realtime },
  "strong-snapshot-isolation": { ...snapshotIsolation, order: realtime },
  "strong-serializable": { ...serializable, order: realtime },
  "strict-serializable": { ...serializable, order: realtime },
};

/** The names of all of them. */
export const consistencyModels: readonly ConsistencyModel[] = Object.keys(prohibitions) as ConsistencyModel[];

/** What was found: a cycle, or something else by its name. */
export type Finding = CycleKind | string;

/** Whether a model forbids what was found. */
export function forbids(model: ConsistencyModel, finding: Finding): boolean {
  const { level, order, others }: Prohibition = prohibitions[model];
  if (typeof finding === "string") return others.includes(finding);
  return finding.level <= level && finding.order <= order;
}

/** The furthest order that any of the models knows of; as in `cycleOrders`. */
export function orderOf(models: readonly ConsistencyModel[]): number {
  return Math.max(none, ...models.map((model) => prohibitions[model].order));
}

/** The weakest models that do not hold, given what was found. */
export function weakestBroken(findings: readonly Finding[]): readonly ConsistencyModel[] {
  const broken = consistencyModels.filter((model) => findings.some((finding) => forbids(model, finding)));
  return broken.filter((model) => !broken.some((other) => isWeaker(prohibitions[other], prohibitions[model])));
}

function isWeaker(one: Prohibition, other: Prohibition): boolean {
  const isAtMost = (left: Prohibition, right: Prohibition): boolean =>
    left.level <= right.level && left.order <= right.order && left.others.every((each) => right.others.includes(each));
  return isAtMost(one, other) && !isAtMost(other, one);
}
