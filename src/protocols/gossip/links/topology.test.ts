import { expect, test } from "vitest";
import { type GivenTopology, graphOf, treeAround } from "./topology.ts";

const ids = ["a", "b", "c", "d", "e", "f"];

/** `ab bc`: the links, each once. */
function links(topology: GivenTopology, members: readonly string[] = ids): string {
  const words = [...graphOf(topology, members)].flatMap(([id, others]) =>
    others.filter((other) => id < other).map((other) => id + other),
  );
  return words.join(" ");
}

test.each<[GivenTopology, string]>([
  [{ kind: "line" }, "ab bc cd de ef"],
  [{ kind: "ring" }, "ab af bc cd de ef"],
  [{ kind: "star" }, "ab ac ad ae af"],
  [{ kind: "grid" }, "ab ad bc be cf de ef"],
  [{ kind: "tree", branching: 2 }, "ab ac bd be cf"],
  [{ kind: "tree", branching: 4 }, "ab ac ad ae bf"],
  [{ kind: "full" }, "ab ac ad ae af bc bd be bf cd ce cf de df ef"],
  [{ kind: "given", neighbours: { a: ["c", "x"], d: ["c"], b: [] } }, "ac cd"],
])("%j has these links: %s", (topology, expected) => {
  expect(links(topology)).toBe(expected);
});

test("members come in any order; the least is the first", () => {
  expect(links({ kind: "line" }, ["c", "a", "b"])).toBe("ab bc");
});

test("the tree is breadth first around the least node that can be reached, under the least of those above", () => {
  const graph = graphOf({ kind: "full" }, ids);
  const works = (one: string, other: string) => ![one, other].includes("a") || [one, other].includes("e");

  const tree = treeAround("d", graph, works);

  expect(Object.fromEntries(tree)).toEqual({ a: undefined, e: "a", b: "e", c: "e", d: "e", f: "e" });
});

test("who cannot be reached is not in the tree, whichever side it is on", () => {
  const graph = graphOf({ kind: "full" }, ids);
  const works = (one: string, other: string) => one < "c" === other < "c";

  expect(Object.fromEntries(treeAround("f", graph, works))).toEqual({ c: undefined, d: "c", e: "c", f: "c" });
  expect(Object.fromEntries(treeAround("b", graph, works))).toEqual({ a: undefined, b: "a" });
});
