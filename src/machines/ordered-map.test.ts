import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedMap } from "./ordered-map.ts";

const byNumber = (left: number, right: number) => left - right;

/** What the map is held against: a plain Map, copied for each cut. */
function sorted(map: ReadonlyMap<number, number>, from = -1): [number, number][] {
  return [...map].filter(([key]) => key >= from).sort(([left], [right]) => left - right);
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("set" as const), key: fc.nat(400) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("delete" as const), key: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("run" as const), key: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), key: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), key: fc.nat(3) }) },
);

test("a map and all its cuts hold what copies of a plain map hold", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
      const map = new OrderedMap<number, number>(byNumber);
      const copy = new Map<number, number>();
      const cuts: { entries: Iterator<readonly [number, number]>; expected: [number, number][]; seen: unknown[] }[] =
        [];
      let value = 0;
      for (const { kind, key } of steps) {
        if (kind === "cut") {
          const cut = map.cut();
          expect(cut.size).toBe(copy.size);
          cuts.push({ entries: cut[Symbol.iterator](), expected: sorted(copy), seen: [] });
          continue;
        }
        const width = kind === "run" || kind === "clear" ? 70 : 1;
        for (let at = key; at < key + width; at++) {
          value++;
          if (kind === "delete" || kind === "clear") expect(map.delete(at)).toBe(copy.delete(at));
          else {
            map.set(at, value);
            copy.set(at, value);
          }
        }
        for (const cut of cuts) {
          // each is read a little while the map goes on changing
          const next = cut.entries.next();
          if (!next.done) cut.seen.push(next.value);
        }
        expect(map.size).toBe(copy.size);
      }

      expect([...map.entriesFrom()]).toEqual(sorted(copy));
      for (const start of [0, 35, 100, 399, 600]) {
        expect([...map.entriesFrom(start)]).toEqual(sorted(copy, start));
        expect(map.get(start)).toBe(copy.get(start));
        expect(map.has(start)).toBe(copy.has(start));
      }
      for (const { entries, expected, seen } of cuts) {
        for (let next = entries.next(); !next.done; next = entries.next()) seen.push(next.value);
        expect(seen).toEqual(expected);
      }
    }),
    { numRuns: 150 },
  );
});

test("a cut can be read several times, or left alone", () => {
  const map = new OrderedMap<number, string>(byNumber);
  map.set(1, "a");
  const cut = map.cut();
  map.cut();
  map.set(1, "b");
  map.set(2, "c");

  expect([...cut]).toEqual([[1, "a"]]);
  expect([...cut]).toEqual([[1, "a"]]);
  expect([...map.entriesFrom()]).toEqual([
    [1, "b"],
    [2, "c"],
  ]);
});
