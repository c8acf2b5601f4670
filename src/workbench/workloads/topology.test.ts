import { expect, test } from "vitest";
import { topologyNames, topologyOf } from "./topology.ts";

const nodes = Array.from({ length: 7 }, (_, index) => `n${index}`);

test("a grid is as square as can be, with neighbours in the order of Maelstrom", () => {
  expect(topologyOf("grid", nodes)).toEqual({
    n0: ["n3", "n1"],
    n1: ["n4", "n2", "n0"],
    n2: ["n5", "n1"],
    n3: ["n6", "n0", "n4"],
    n4: ["n1", "n5", "n3"],
    n5: ["n2", "n4"],
    n6: ["n3"],
  });
});

test("a tree has a root, and children below it", () => {
  expect(topologyOf("tree3", nodes)).toMatchObject({
    n0: ["n1", "n2", "n3"],
    n1: ["n0", "n4", "n5", "n6"],
    n2: ["n0"],
  });
  expect(topologyOf("tree", nodes)).toEqual(topologyOf("tree2", nodes));
});

test.each(topologyNames)("in %s neighbours are mutual, and all are connected", (name) => {
  const topology = topologyOf(name, nodes);

  const reached = new Set(["n0"]);
  for (const node of reached) for (const neighbour of topology[node] ?? []) reached.add(neighbour);
  expect(reached.size).toBe(7);
  for (const [node, neighbours] of Object.entries(topology)) {
    for (const neighbour of neighbours) expect(topology[neighbour]).toContain(node);
  }
});
