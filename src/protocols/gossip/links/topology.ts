import type { NodeId } from "../../../base/ids.ts";
import { compareUtf8 } from "../../../base/text.ts";

/** Which links are used, when all of them work. */
export type GivenTopology =
  /** Everyone with everyone. */
  | { readonly kind: "full" }
  /** In order of the ids: each with the next; a ring also the last with the first. */
  | { readonly kind: "line" }
  | { readonly kind: "ring" }
  /** In rows, as many as columns or nearly so: each with the one beside and the one below. */
  | { readonly kind: "grid" }
  /** Each has `branching` children. */
  | { readonly kind: "tree"; readonly branching: number }
  /** The first with everyone. */
  | { readonly kind: "star" }
  /** As an operator has it: by node, its neighbours. A link counts when one of its ends names it. */
  | { readonly kind: "given"; readonly neighbours: Readonly<Record<NodeId, readonly NodeId[]>> };

/** `own`: a breadth-first tree of the links of `over` from the least node that lives, rebuilt when a link fails. */
export type Topology = GivenTopology | { readonly kind: "own"; readonly over: GivenTopology };

/** The neighbours of each node, in order of their ids. */
export type Graph = ReadonlyMap<NodeId, readonly NodeId[]>;

/** By node, the one above it; the root has none. Nodes that cannot be reached from it are missing. */
export type Tree = ReadonlyMap<NodeId, NodeId | undefined>;

/** The links of a topology. */
export function graphOf(topology: GivenTopology, members: readonly NodeId[]): Graph {
  const ids = members.toSorted(compareUtf8);
  const links = new Map(ids.map((id) => [id, new Set<NodeId>()]));
  const link = (one: NodeId | undefined, other: NodeId | undefined): void => {
    if (one === undefined || other === undefined || one === other) return;
    links.get(one)?.add(other);
    links.get(other)?.add(one);
  };
  for (const [one, other] of topology.kind === "given" ? givenLinks(topology.neighbours) : []) {
    if (links.has(one) && links.has(other)) link(one, other);
  }
  for (const [at, id] of ids.entries()) {
    for (const place of laterNeighbours(topology, at, ids.length)) link(id, ids[place]);
  }
  return new Map([...links].map(([id, others]) => [id, [...others].sort(compareUtf8)]));
}

function givenLinks(neighbours: Readonly<Record<NodeId, readonly NodeId[]>>): [NodeId, NodeId][] {
  return Object.entries(neighbours).flatMap(([id, others]) => others.map((other): [NodeId, NodeId] => [id, other]));
}

/** The places of a node's neighbours, each link from one of its ends. */
function laterNeighbours(topology: GivenTopology, at: number, count: number): number[] {
  switch (topology.kind) {
    case "full":
      return Array.from({ length: count - at - 1 }, (_, nth) => at + 1 + nth);
    case "line":
      return [at + 1];
    case "ring":
      return [(at + 1) % count];
    case "grid": {
      const columns = Math.ceil(Math.sqrt(count));
      return (at + 1) % columns === 0 ? [at + columns] : [at + 1, at + columns];
    }
    case "tree":
      return Array.from({ length: topology.branching }, (_, nth) => at * topology.branching + 1 + nth);
    case "star":
      return at === 0 ? Array.from({ length: count - 1 }, (_, nth) => 1 + nth) : [];
    case "given":
      return [];
  }
}

/**
 * The breadth-first tree around `id`'s least node that can be reached, over the links that work.
 *
 * Of several nodes that could be above another the least is: who knows the same links makes the same tree.
 */
export function treeAround(id: NodeId, graph: Graph, works: (one: NodeId, other: NodeId) => boolean): Tree {
  const reached = [...breadthFirst(id, graph, works).keys()];
  const root = reached.reduce((least, each) => (compareUtf8(each, least) < 0 ? each : least), id);
  return breadthFirst(root, graph, works);
}

function breadthFirst(root: NodeId, graph: Graph, works: (one: NodeId, other: NodeId) => boolean): Tree {
  const tree = new Map<NodeId, NodeId | undefined>([[root, undefined]]);
  let level = [root];
  while (level.length > 0) {
    const next: NodeId[] = [];
    for (const above of level) {
      for (const id of graph.get(above) ?? []) {
        if (tree.has(id) || !works(above, id)) continue;
        tree.set(id, above);
        next.push(id);
      }
    }
    level = next.sort(compareUtf8);
  }
  return tree;
}
