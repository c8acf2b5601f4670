import { findComponents } from "./components.ts";
import { type Graph, link, type Relation, relations } from "./graph.ts";

/** One transaction must come before another. */
export interface Dependency {
  readonly from: number;
  readonly to: number;
  readonly relation: Relation;
  /** What shows it; -1 for an order that clients see. */
  readonly write: number;
}

/** Cycles from the worst to the mildest, in Adya's words; each row forbids more than the one before. */
export const cycleNames = ["G0", "G1c", "G-single", "G-nonadjacent", "G2-item"] as const;
/** Orders that a cycle may need besides what transactions saw of each other; each includes the one before. */
export const cycleOrders = ["none", "process", "realtime"] as const;

/** The kind of cycle: its place among the names, and among the orders that it needs. */
export interface CycleKind {
  readonly level: number;
  readonly order: number;
}

/** Transactions each of which must come before the next, and the last before the first. */
export interface Cycle extends CycleKind {
  readonly dependencies: readonly Dependency[];
}

const { ww, wr, rw, process, realtime } = relations;
const orderBits: readonly number[] = [0, process, process | realtime];
/** Level of the mildest cycle without `rw`. */
const readLevel = 1;
/** Places from which a component is searched for a short cycle. */
const startsMax = 8;
/** Anti-dependencies for each of which a cycle without another one is looked for. */
const singlesMax = 64;

/**
 * Cycles of each kind, the worst of each component: that there is one is found in linear time, and a short one shown.
 *
 * Without any cycle, and for `G0`, `G1c`, `G-nonadjacent` and `G2-item`, the answer is exact. Whether a cycle with
 * several anti-dependencies could do with one is tried for some dozens of them in each component.
 */
export function findCycles(graph: Graph, orders: readonly number[]): Cycle[] {
  const widest = ww | wr | rw | (orderBits[Math.max(0, ...orders)] ?? 0);
  return findComponents(graph, widest).flatMap((component) => cyclesOf(graph.part(component), orders));
}

function cyclesOf(part: Graph, orders: readonly number[]): Cycle[] {
  const found: Cycle[] = [];
  const search = (kind: CycleKind, seek: () => Cycle | undefined): void => {
    if (found.some((other) => implies(other, kind))) return;
    const cycle = seek();
    if (cycle !== undefined && !found.some((other) => implies(other, cycle))) found.push(cycle);
  };
  for (const order of orders) {
    const seen = orderBits[order] ?? 0;
    search({ level: 0, order }, () => anyCycle(part, ww | seen));
    search({ level: 1, order }, () => anyCycle(part, ww | wr | seen));
    search({ level: 2, order }, () => alternatingCycle(part.alternating(), ww | wr | rw | seen));
    search({ level: 4, order }, () => antiDependentCycle(part, ww | wr | rw | seen));
  }
  return found;
}

/** Whether a cycle of one kind shows all that one of the other kind would. */
function implies(one: CycleKind, other: CycleKind): boolean {
  const isAlike = one.level <= readLevel === other.level <= readLevel;
  return isAlike && one.level <= other.level && one.order <= other.order;
}

/** A cycle along the kinds in `mask`. */
function anyCycle(graph: Graph, mask: number): Cycle | undefined {
  const [smallest] = findComponents(graph, mask).sort((left, right) => left.length - right.length);
  if (smallest === undefined) return undefined;
  const part = graph.part(smallest);
  const starts = [...smallest.keys()].filter((node) => part.isTransaction(node)).slice(0, startsMax);
  return shortest(starts.map((start) => cycleOf(part, start, shortestWay(part, start, start, mask))));
}

/** A cycle on which no two `rw` follow each other; one with a single `rw` if there seems to be one. */
function alternatingCycle(alternating: Graph, mask: number): Cycle | undefined {
  const parts = findComponents(alternating, mask).map((component) => alternating.part(component));
  const edges = parts.flatMap((part) => antiDependencies(part, singlesMax)).slice(0, singlesMax);
  const singles = edges.map((edge) => closeCycle(edge, mask & ~rw));
  return shortest(singles) ?? shortest(edges.slice(0, startsMax).map((edge) => closeCycle(edge, mask)));
}

/** A cycle with an `rw`. */
function antiDependentCycle(graph: Graph, mask: number): Cycle | undefined {
  const parts = findComponents(graph, mask).map((component) => graph.part(component));
  const edges = parts.flatMap((part) => antiDependencies(part, startsMax)).slice(0, startsMax);
  return shortest(edges.map((edge) => closeCycle(edge, mask)));
}

interface Edge {
  readonly graph: Graph;
  readonly from: number;
  readonly edge: number;
}

function antiDependencies(graph: Graph, countMax: number): Edge[] {
  const found: Edge[] = [];
  for (let from = 0; from < graph.size && found.length < countMax; from++) {
    for (let edge = graph.starts[from] ?? 0; edge < (graph.starts[from + 1] ?? 0); edge++) {
      if (graph.kinds[edge] === rw) found.push({ graph, from, edge });
    }
  }
  return found;
}

function closeCycle({ graph, from, edge }: Edge, mask: number): Cycle | undefined {
  const way = shortestWay(graph, graph.targets[edge] ?? 0, from, mask);
  return way && cycleOf(graph, from, [edge, ...way]);
}

function shortest(cycles: readonly (Cycle | undefined)[]): Cycle | undefined {
  const found = cycles.filter((cycle) => cycle !== undefined);
  return found.sort((left, right) => left.dependencies.length - right.dependencies.length)[0];
}

/**
 * The edges of a way with as few dependencies as possible; from a node to itself, one that leaves it.
 *
 * Edges out of helpers cost nothing, so nodes are looked at in the order of what it took to reach them.
 */
function shortestWay(graph: Graph, from: number, to: number, mask: number): number[] | undefined {
  const { starts, targets, kinds } = graph;
  const costs = new Int32Array(graph.size).fill(2 ** 31 - 1);
  const arrivals = new Int32Array(graph.size);
  const origins = new Int32Array(graph.size);
  let here: number[] = [];
  let further: number[] = [];
  const leave = (node: number, cost: number): void => {
    for (let edge = starts[node] ?? 0; edge < (starts[node + 1] ?? 0); edge++) {
      const kind = kinds[edge] ?? 0;
      const target = targets[edge] ?? 0;
      const reached = kind === link ? cost : cost + 1;
      if ((kind & (mask | link)) === 0 || reached >= (costs[target] ?? 0)) continue;
      costs[target] = reached;
      arrivals[target] = edge;
      origins[target] = node;
      (kind === link ? here : further).push(target);
    }
  };
  leave(from, 0);
  for (let cost = 0; here.length + further.length > 0; cost++) {
    for (let at = 0; at < here.length; at++) {
      const node = here[at] ?? 0;
      if (costs[node] !== cost) continue; // was reached for less
      if (node === to) return follow(from, to, arrivals, origins);
      leave(node, cost);
    }
    here = further;
    further = [];
  }
  return undefined;
}

function follow(from: number, to: number, arrivals: Int32Array, origins: Int32Array): number[] {
  const way: number[] = [];
  let node = to;
  do {
    way.push(arrivals[node] ?? 0);
    node = origins[node] ?? 0;
  } while (node !== from);
  return way.reverse();
}

/** The cycle along `edges`, without the helpers on its way. */
function cycleOf(graph: Graph, start: number, edges: readonly number[] | undefined): Cycle | undefined {
  if (edges === undefined) return undefined;
  const dependencies: Dependency[] = [];
  let from = graph.origins[start] ?? 0;
  let relation: Relation = "ww";
  for (const edge of edges) {
    const kind = graph.kinds[edge] ?? 0;
    if (kind !== link) relation = relationOf(kind);
    const target = graph.targets[edge] ?? 0;
    if (!graph.isTransaction(target)) continue;
    const to = graph.origins[target] ?? 0;
    dependencies.push({ from, to, relation, write: graph.writes[edge] ?? -1 });
    from = to;
  }
  return { ...kindOf(dependencies), dependencies };
}

function relationOf(kind: number): Relation {
  for (const [relation, bit] of Object.entries(relations)) if (bit === kind) return relation as Relation;
  return "ww";
}

function kindOf(dependencies: readonly Dependency[]): CycleKind {
  const is = (relation: Relation) => (each: Dependency | undefined) => each?.relation === relation;
  const antis = dependencies.filter(is("rw")).length;
  const areAdjacent = dependencies.some((each, at) => is("rw")(each) && is("rw")(dependencies.at(at - 1)));
  const level = antis === 0 ? (dependencies.some(is("wr")) ? 1 : 0) : antis === 1 ? 2 : areAdjacent ? 4 : 3;
  return { level, order: dependencies.some(is("realtime")) ? 2 : dependencies.some(is("process")) ? 1 : 0 };
}
