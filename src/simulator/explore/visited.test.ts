import { expect, test } from "vitest";
import { newRandom, nextUint32 } from "../../base/random.ts";
import { Rows } from "./rows.ts";
import { none, Visited } from "./visited.ts";

test("a state is new once, however many there are, and hashes that share a half are different ones", () => {
  const visited = new Visited();
  const random = newRandom(1);
  const hashes = Array.from({ length: 20_000 }, (_, at) => [at % 7, nextUint32(random)] as const);

  const added = hashes.map(([low, high]) => visited.add(low, high, none));
  const again = hashes.map(([low, high]) => visited.add(low, high, none));

  expect(added.every(Boolean)).toBe(true);
  expect(again.some(Boolean)).toBe(false);
  expect(visited.count).toBe(20_000);
});

test("each state is known by where it was found from", () => {
  const visited = new Visited();
  visited.add(10, 0, none);
  visited.add(11, 0, 0);
  visited.add(12, 0, 0);
  visited.add(13, 7, 2);

  expect(visited.place(3)).toEqual({ low: 13, high: 7, from: 2 });
  expect(visited.place(0)).toEqual({ low: 10, high: 0, from: none });
});

test("rows come out as they went in, across chunks, while others go in", () => {
  const rows = new Rows();
  const length = (tag: number) => (tag * 37) % 400;
  const row = new Int32Array(400);
  let next = 0;
  for (let tag = 0; tag < 5000; tag++) {
    rows.push(tag, row.fill(tag), length(tag));
    if (tag % 3 !== 0) continue;
    const first = rows.shift();
    expect([first?.tag, first?.row.length, first?.row.every((number) => number === next)]).toEqual([
      next,
      length(next),
      true,
    ]);
    next++;
  }
  for (; next < 5000; next++) expect(rows.shift()?.tag).toBe(next);

  expect(rows.shift()).toBeUndefined();
  expect(rows.count).toBe(0);
});
