import fc from "fast-check";
import { expect, test } from "vitest";
import { findComponents } from "./components.ts";
import { Dependencies } from "./dependencies.ts";
import { Graph, relations } from "./graph.ts";

/** The transactions that a way from one leads to, through helpers only. */
function reach(graph: Graph, from: number): number[] {
  const found = new Set<number>();
  const visit = (node: number): void => {
    for (const target of graph.targets.subarray(graph.starts[node], graph.starts[node + 1])) {
      if (found.has(target)) continue;
      found.add(target);
      if (!graph.isTransaction(target)) visit(target);
    }
  };
  visit(from);
  return [...found].filter((node) => graph.isTransaction(node)).sort((left, right) => left - right);
}

test("a fan leads from each source to all targets but itself, and is no larger than both", () => {
  const members = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(members, members, (sources, targets) => {
      const dependencies = new Dependencies(100);

      dependencies.fan(
        sources,
        targets.map((transaction) => ({ transaction, write: 0 })),
        "rw",
      );

      const graph = dependencies.build();
      const sorted = [...targets].sort((left, right) => left - right);
      for (const source of sources) {
        expect(reach(graph, source)).toEqual(sorted.filter((target) => target !== source));
      }
      expect(graph.targets.length).toBeLessThanOrEqual(4 * (sources.length + targets.length));
    }),
    { numRuns: 50 },
  );
});

test("components are the sets of nodes that reach each other, along the wanted edges alone", () => {
  const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.constantFrom(relations.ww, relations.rw)), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(edges, (drawn) => {
      const kept = drawn.filter(([from, to]) => from !== to);
      const column = (at: 0 | 1 | 2) => kept.map((edge) => edge[at]);
      const graph = Graph.of(8, 8, column(0), column(1), column(2), column(2));
      const reaches = (from: number, to: number, seen = new Set<number>()): boolean =>
        kept.some(([start, end, kind]) => {
          if (start !== from || kind !== relations.ww || seen.has(end)) return false;
          return end === to || reaches(end, to, seen.add(end));
        });

      const found = findComponents(graph, relations.ww);

      for (let left = 0; left < 8; left++) {
        for (let right = 0; right < 8; right++) {
          const areTogether = found.some((component) => component.includes(left) && component.includes(right));
          expect(areTogether).toBe(reaches(left, right) && reaches(right, left));
        }
      }
    }),
    { numRuns: 200 },
  );
});
