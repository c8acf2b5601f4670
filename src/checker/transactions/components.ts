import { type Graph, link } from "./graph.ts";

/**
 * The strongly connected components of more than one node, along edges of the kinds in `mask` (Tarjan's algorithm,
 * with a stack of its own: histories are long, and so are the ways through them).
 */
export function findComponents(graph: Graph, mask: number): number[][] {
  const { size, starts, targets, kinds } = graph;
  const wanted = mask | link;
  const orders = new Int32Array(size); // from 1; 0 is not visited yet
  const lows = new Int32Array(size);
  const isOpen = new Uint8Array(size);
  const nextEdge = starts.slice(0, size);
  const found: number[][] = [];
  const open: number[] = [];
  const path: number[] = [];
  let count = 0;
  const visit = (node: number): void => {
    orders[node] = lows[node] = ++count;
    isOpen[node] = 1;
    open.push(node);
    path.push(node);
  };
  for (let root = 0; root < size; root++) {
    if (orders[root] !== 0) continue;
    visit(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const edge = nextEdge[node] ?? 0;
      if (edge < (starts[node + 1] ?? 0)) {
        nextEdge[node] = edge + 1;
        const target = targets[edge] ?? 0;
        if (((kinds[edge] ?? 0) & wanted) === 0) continue;
        if (orders[target] === 0) visit(target);
        else if (isOpen[target] === 1) lows[node] = Math.min(lows[node] ?? 0, orders[target] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lows[parent] = Math.min(lows[parent] ?? 0, lows[node] ?? 0);
      if (lows[node] !== orders[node]) continue;
      const component = open.splice(open.lastIndexOf(node));
      for (const member of component) isOpen[member] = 0;
      if (component.length > 1) found.push(component);
    }
  }
  return found;
}
