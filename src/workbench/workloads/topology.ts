/** Who is whose neighbour. */
export type Topology = Readonly<Record<string, readonly string[]>>;

/** A shape that can be offered to nodes. */
export type TopologyName = "grid" | "line" | "total" | "tree" | "tree2" | "tree3" | "tree4";

const topologies: Readonly<Record<TopologyName, (nodes: readonly string[]) => Topology>> = {
  grid,
  line: (nodes) => joined(nodes, (index) => [index - 1, index + 1]),
  total: (nodes) => joined(nodes, (index) => [...nodes.keys()].filter((at) => at !== index)),
  tree: (nodes) => tree(nodes, 2),
  tree2: (nodes) => tree(nodes, 2),
  tree3: (nodes) => tree(nodes, 3),
  tree4: (nodes) => tree(nodes, 4),
};

/** The names of all shapes. */
export const topologyNames: readonly TopologyName[] = Object.keys(topologies) as TopologyName[];

/** The neighbours of each node in a shape. */
export function topologyOf(name: TopologyName, nodes: readonly string[]): Topology {
  return topologies[name](nodes);
}

/** As square as can be, row by row. */
function grid(nodes: readonly string[]): Topology {
  const side = Math.ceil(Math.sqrt(nodes.length));
  return joined(nodes, (index) => {
    const column = index % side;
    const inRow = [column < side - 1 ? index + 1 : -1, column > 0 ? index - 1 : -1];
    return [index + side, index - side, ...inRow];
  });
}

/** Each node has one parent and up to `branches` children; the first is the root. */
function tree(nodes: readonly string[], branches: number): Topology {
  return joined(nodes, (index) => {
    const children = Array.from({ length: branches }, (_, child) => branches * index + 1 + child);
    return index === 0 ? children : [Math.floor((index - 1) / branches), ...children];
  });
}

/** Places that do not exist are left out. */
function joined(nodes: readonly string[], neighbours: (index: number) => Iterable<number>): Topology {
  return Object.fromEntries(
    nodes.map((node, index) => [node, [...neighbours(index)].flatMap((neighbour) => nodes[neighbour] ?? [])]),
  );
}
