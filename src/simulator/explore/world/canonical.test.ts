import { expect, test } from "vitest";
import { canonical, hashText, renamings } from "./canonical.ts";

const [same, swapped] = renamings(["a", "b"]) as [ReadonlyMap<string, string>, ReadonlyMap<string, string>];

test("order counts in lists, and has no meaning in sets and maps", () => {
  expect(canonical([1, 2], same)).not.toBe(canonical([2, 1], same));
  expect(canonical(new Set([1, 2]), same)).toBe(canonical(new Set([2, 1]), same));
  const map = new Map([
    ["a", [1]],
    ["b", []],
  ]); // prettier-ignore
  expect(canonical(map, same)).toBe(canonical(new Map([...map].reverse()), same));
});

test("members are renamed wherever they stand as a whole word", () => {
  const value = {
    from: "a",
    to: ["b", "abba"],
    votes: new Map([
      ["a", true],
      ["b", false],
    ]),
  }; // prettier-ignore
  const other = {
    from: "b",
    to: ["a", "abba"],
    votes: new Map([
      ["a", false],
      ["b", true],
    ]),
  }; // prettier-ignore

  expect(canonical(value, swapped)).toBe(canonical(other, same));
  expect(canonical(value, swapped)).not.toBe(canonical(value, same));
});

test("values of different kinds differ", () => {
  const values = [
    1,
    "1",
    undefined,
    "undefined",
    null,
    true,
    [],
    {},
    new Set(),
    new Uint8Array(),
    [[]],
    ["", ""],
    [","],
  ];

  expect(new Set(values.map((value) => canonical(value, same))).size).toBe(values.length);
});

test("three members have six names, the first of which changes nothing", () => {
  const all = renamings(["a", "b", "c"]).map((renaming) => [...renaming.values()].join(""));

  expect(all[0]).toBe("abc");
  expect(new Set(all).size).toBe(6);
});

test("hashes of near texts differ in both halves", () => {
  const hashes = Array.from({ length: 2000 }, (_, at) => hashText(`state ${at}`));

  expect(new Set(hashes.map(([low]) => low)).size).toBe(2000);
  expect(new Set(hashes.map(([, high]) => high)).size).toBe(2000);
});
