import { afterEach, expect, test } from "vitest";
import { newRandom } from "../../base/random.ts";
import { Journal } from "../run/journal.ts";
import { Timeline } from "../run/timeline.ts";
import { drawLatencyMs } from "./latency.ts";
import { type Conditions, Network } from "./network.ts";

const calm: Conditions = { latencyMs: 0, distribution: "constant", loss: 0, duplication: 0 };
let timeline: Timeline | undefined;
afterEach(() => timeline?.close());

/** A network on which n0 sends to n1 what is numbered; resolves to the numbers in the order in which they came. */
async function carry(
  conditions: Partial<Conditions>,
  seed: number,
  count = 40,
): Promise<{ came: number[]; journal: Journal }> {
  timeline = new Timeline(true);
  const journal = new Journal();
  const network = new Network(timeline, journal, { ...calm, ...conditions }, seed);
  const came: number[] = [];
  network.join("n1", ({ body }) => came.push(body.number as number) > 0);
  for (let number = 0; number < count; number++) network.send({ src: "n0", dest: "n1", body: { number } });
  const { all } = journal.traffic;
  while (all.received + all.lost < all.sent) await new Promise(setImmediate);
  return { came, journal };
}

test("without delay messages arrive at once and in order", async () => {
  const { came } = await carry({}, 1);

  expect(came).toEqual(Array.from({ length: 40 }, (_, number) => number));
});

test("the seed decides which messages are lost, doubled and late", async () => {
  const conditions = { latencyMs: 40, distribution: "uniform", loss: 0.2, duplication: 0.2 } as const;

  const once = await carry(conditions, 7);
  const again = await carry(conditions, 7);
  const other = await carry(conditions, 8);

  expect(again.journal.messages.map(({ lost }) => lost)).toEqual(once.journal.messages.map(({ lost }) => lost));
  expect(new Set(again.came)).toEqual(new Set(once.came));
  expect(other.journal.messages.map(({ lost }) => lost)).not.toEqual(once.journal.messages.map(({ lost }) => lost));
  expect(once.came.length).toBeGreaterThan(new Set(once.came).size);
  expect(once.came).not.toEqual([...once.came].sort((left, right) => left - right));
  expect(once.journal.messages.filter(({ duplicateOf }) => duplicateOf !== undefined).length).toBeGreaterThan(0);
});

test("who is cut off hears nothing until the cut is mended; clients are heard all the time", () => {
  timeline = new Timeline(false);
  const journal = new Journal();
  const network = new Network(timeline, journal, { ...calm, loss: 0 }, 1);
  const heard: string[] = [];
  network.join("n1", ({ src }) => heard.push(src) > 0);

  network.cut(new Map([["n1", new Set(["n0"])]]));
  network.send({ src: "n0", dest: "n1", body: {} });
  network.send({ src: "c0", dest: "n1", body: {} });
  network.cut(new Map());
  network.send({ src: "n0", dest: "n1", body: {} });
  network.send({ src: "n0", dest: "n2", body: {} });

  expect(heard).toEqual(["c0", "n0"]);
  expect(journal.messages.map(({ lost }) => lost)).toEqual(["partition", undefined, undefined, "down"]);
});

test("a client's messages are neither late nor lost", () => {
  timeline = new Timeline(false);
  const network = new Network(timeline, new Journal(), { ...calm, latencyMs: 1000, loss: 1 }, 1);
  let count = 0;
  network.join("n1", () => ++count > 0);

  network.send({ src: "c0", dest: "n1", body: {} });

  expect(count).toBe(1);
});

test.each([
  ["constant", 100, 100, 100],
  ["uniform", 0, 200, 100],
  ["exponential", 0, 2000, 100],
] as const)("%s delays lie around their mean", (distribution, least, most, mean) => {
  const random = newRandom(1);

  const delays = Array.from({ length: 2000 }, () => drawLatencyMs(random, distribution, 100));

  expect(Math.min(...delays)).toBeGreaterThanOrEqual(least);
  expect(Math.max(...delays)).toBeLessThanOrEqual(most);
  expect(delays.reduce((sum, delay) => sum + delay, 0) / delays.length).toBeCloseTo(mean, -1);
});
