import { afterEach, expect, test } from "vitest";
import { newRandom } from "../../base/random.ts";
import { Timeline } from "../run/timeline.ts";
import { Nemesis, type Victims } from "./nemesis.ts";
import { drawOneWay, drawPartition } from "./partitions.ts";

const nodes = ["n0", "n1", "n2", "n3", "n4"];
let timeline: Timeline | undefined;
afterEach(() => timeline?.close());

/** Victims that write down what is done to them. */
class Diary implements Victims {
  readonly nodes = nodes;
  readonly lines: string[] = [];
  cuts = 0;

  cut(drops: ReadonlyMap<string, ReadonlySet<string>>): void {
    this.cuts = [...drops.values()].reduce((sum, { size }) => sum + size, 0);
    this.lines.push(`cut ${this.cuts}`);
  }
  async kill(id: string): Promise<void> {
    this.lines.push(`kill ${id}`);
  }
  async restart(id: string): Promise<void> {
    this.lines.push(`restart ${id}`);
  }
  pause(id: string): void {
    this.lines.push(`pause ${id}`);
  }
  resume(id: string): void {
    this.lines.push(`resume ${id}`);
  }
}

async function suffer(seed: number, seconds: number): Promise<{ diary: Diary; nemesis: Nemesis }> {
  timeline = new Timeline(true);
  const diary = new Diary();
  const nemesis = new Nemesis(timeline, diary, 2);
  nemesis.start(["partition", "one-way", "kill", "pause"], newRandom(seed));
  await new Promise<void>((resolve) => timeline?.at(seconds * 1e9, resolve));
  await nemesis.stop();
  return { diary, nemesis };
}

test("faults of each kind begin and end in turn, and the same seed brings the same ones", async () => {
  const once = await suffer(1, 30);
  const again = await suffer(1, 30);
  const other = await suffer(2, 30);

  const told = ({ nemesis }: typeof once): string[] => nemesis.bands().map(({ kind, what }) => `${kind} ${what}`);
  expect(new Set(once.nemesis.bands().map(({ kind }) => kind)).size).toBe(4);
  expect(told(again)).toEqual(told(once));
  expect(told(other)).not.toEqual(told(once));
});

test("at the end all is mended: no cut, nobody down or frozen", async () => {
  const { diary, nemesis } = await suffer(3, 20);

  const count = (word: string): number => diary.lines.filter((line) => line.startsWith(`${word} `)).length;
  expect(diary.cuts).toBe(0);
  expect(count("restart")).toBe(count("kill"));
  expect(count("resume")).toBe(count("pause"));
  expect(nemesis.describe()).toBe("");
  expect(nemesis.bands().every(({ fromNs, toNs }) => fromNs < toNs)).toBe(true);
});

test("a partition has both sides drop the other, or leaves each node a majority", () => {
  const random = newRandom(1);
  for (let round = 0; round < 50; round++) {
    const { drops, what } = drawPartition(random, nodes);

    const isSymmetric = [...drops].every(([node, others]) => [...others].every((other) => drops.get(other)?.has(node)));
    expect(isSymmetric).toBe(true);
    if (!what.startsWith("majorities")) continue;
    expect([...drops.values()].map(({ size }) => size)).toEqual([2, 2, 2, 2, 2]);
    expect(new Set([...drops.values()].map((others) => [...others].sort().join())).size).toBe(5);
  }
});

test("a partition is told in the order of the nodes, the greater side of many in a number", () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `n${at}`);
  const told = (count: number): string[] =>
    Array.from({ length: 40 }, (_, seed) => drawPartition(newRandom(seed), names(count)).what);

  expect(
    told(5)
      .filter((what) => !what.startsWith("majorities"))
      .every((what) => isSorted(what.split(" | "))),
  ).toBe(true);
  expect(told(25)).toContainEqual(expect.stringMatching(/^n\d+ \| 24 others$/));
});

function isSorted(sides: readonly string[]): boolean {
  return sides.every((side) => side === side.split(" ").sort().join(" "));
}

test("a one-way cut lets some be unheard who hear the others", () => {
  const { drops } = drawOneWay(newRandom(1), nodes);

  const unheard = new Set([...drops.values()].flatMap((others) => [...others]));
  expect(unheard.size).toBeGreaterThan(0);
  expect([...unheard].filter((node) => drops.has(node))).toEqual([]);
});
