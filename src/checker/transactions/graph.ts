/** Why one transaction comes before another (Adya's dependencies, and the two orders that clients see). */
export type Relation = "ww" | "wr" | "rw" | "process" | "realtime";

/** Each relation as a bit of an edge's kind. */
export const relations: Readonly<Record<Relation, number>> = { ww: 1, wr: 2, rw: 4, process: 8, realtime: 16 };

/** The kind of an edge out of a helper node: it goes on with the relation that led there, and costs nothing. */
export const link = 32;

/**
 * Edges in the order of where they begin.
 *
 * The first nodes are transactions. The others are helpers, each of which stands for many edges between transactions;
 * a way from one transaction to the next may lead through several of them.
 */
export class Graph {
  /** For a part of another graph, the transaction or helper that each node is there. */
  readonly origins: Int32Array;
  /** For each node the place of its first edge, and at the end the number of edges. */
  readonly starts: Int32Array;
  readonly targets: Int32Array;
  readonly kinds: Uint8Array;
  /** For each edge the write that shows it; -1 where there is none. */
  readonly writes: Int32Array;
  /** Nodes whose origin is below this are transactions. */
  readonly transactions: number;

  constructor(transactions: number, origins: Int32Array, edges: number) {
    this.transactions = transactions;
    this.origins = origins;
    this.starts = new Int32Array(origins.length + 1);
    this.targets = new Int32Array(edges);
    this.kinds = new Uint8Array(edges);
    this.writes = new Int32Array(edges);
  }

  /** A graph of edges in any order. */
  static of(
    transactions: number,
    nodes: number,
    from: readonly number[],
    to: readonly number[],
    kinds: readonly number[],
    writes: readonly number[],
  ): Graph {
    const graph = new Graph(
      transactions,
      Int32Array.from({ length: nodes }, (_, node) => node),
      from.length,
    );
    const { starts } = graph;
    for (const node of from) starts[node + 1] = (starts[node + 1] ?? 0) + 1;
    for (let node = 0; node < nodes; node++) starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0);
    const next = starts.slice();
    for (const [edge, node] of from.entries()) {
      const place = next[node] ?? 0;
      next[node] = place + 1;
      graph.targets[place] = to[edge] ?? 0;
      graph.kinds[place] = kinds[edge] ?? 0;
      graph.writes[place] = writes[edge] ?? -1;
    }
    return graph;
  }

  get size(): number {
    return this.origins.length;
  }

  isTransaction(node: number): boolean {
    return (this.origins[node] ?? 0) < this.transactions;
  }

  /** The part between `nodes`. */
  part(nodes: readonly number[]): Graph {
    const places = new Map(nodes.map((node, place) => [node, place]));
    const [from, to, kinds, writes]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (const [place, node] of nodes.entries()) {
      for (let edge = this.starts[node] ?? 0; edge < (this.starts[node + 1] ?? 0); edge++) {
        const target = places.get(this.targets[edge] ?? -1);
        if (target === undefined) continue;
        from.push(place);
        to.push(target);
        kinds.push(this.kinds[edge] ?? 0);
        writes.push(this.writes[edge] ?? -1);
      }
    }
    const part = Graph.of(this.transactions, nodes.length, from, to, kinds, writes);
    for (const [place, node] of nodes.entries()) part.origins[place] = this.origins[node] ?? 0;
    return part;
  }

  /**
   * The same with each node twice, for ways on which no two `rw` follow each other: `2n` is node `n` reached in another
   * way, and `2n + 1` reached by `rw`.
   */
  alternating(): Graph {
    const [from, to, kinds, writes]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let node = 0; node < this.size; node++) {
      for (let edge = this.starts[node] ?? 0; edge < (this.starts[node + 1] ?? 0); edge++) {
        const kind = this.kinds[edge] ?? 0;
        for (const after of kind === relations.rw ? [0] : [0, 1]) {
          const becomes = kind === link ? after : kind === relations.rw ? 1 : 0;
          from.push(2 * node + after);
          to.push(2 * (this.targets[edge] ?? 0) + becomes);
          kinds.push(kind);
          writes.push(this.writes[edge] ?? -1);
        }
      }
    }
    const graph = Graph.of(this.transactions, 2 * this.size, from, to, kinds, writes);
    for (let node = 0; node < graph.size; node++) graph.origins[node] = this.origins[node >> 1] ?? 0;
    return graph;
  }
}
