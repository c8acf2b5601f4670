import { expect, test } from "vitest";
import { copyPlain } from "./copy.ts";

test("a copy is equal, and changing it leaves the other as it was; bytes are shared", () => {
  const bytes = new Uint8Array([1, 2]);
  const one = { list: [{ at: 1 }], map: new Map([["a", { ticks: 0 }]]), set: new Set([1]), bytes, none: undefined };

  const other = copyPlain(one);
  expect(other).toStrictEqual(one);
  expect(other.bytes).toBe(bytes);

  other.list.push({ at: 2 });
  (other.list[0] as { at: number }).at = 9;
  (other.map.get("a") as { ticks: number }).ticks = 9;
  other.set.add(2);
  expect(one).toEqual({
    list: [{ at: 1 }],
    map: new Map([["a", { ticks: 0 }]]),
    set: new Set([1]),
    bytes,
    none: undefined,
  });
});
