import { expect, test } from "vitest";
import { measureCosts } from "../support/gossip-costs.ts";

const traffic = { tuning: "traffic" } as const;
/** For the latencies of 3e. */
const windowMs = 1400;

test("straight to all: a link delay to everyone, for 13 messages an operation", () => {
  const costs = measureCosts({ topology: "full" });

  expect(costs).toMatchObject({ medianMs: 100, maxMs: 100, isComplete: true });
  expect(costs.messagesPerOperation).toBeLessThan(13.5);
});

test("tuned for traffic, within the latencies of Gossip Glomers 3d: less than 1.2 messages an operation", () => {
  const costs = measureCosts(traffic);

  expect(costs.isComplete).toBe(true);
  expect(costs.messagesPerOperation).toBeLessThan(1.2);
  expect(costs.medianMs).toBeLessThan(400);
  expect(costs.maxMs).toBeLessThan(600);
});

test("tuned for traffic, within the latencies of Gossip Glomers 3e: less than 0.5 messages an operation", () => {
  const costs = measureCosts({ ...traffic, windowMs });

  expect(costs.isComplete).toBe(true);
  expect(costs.messagesPerOperation).toBeLessThan(0.5);
  expect(costs.medianMs).toBeLessThan(1000);
  expect(costs.maxMs).toBeLessThan(2000);
});

test("messages that are up to 20 ms late cost a little, and do not miss their batch", () => {
  const [short, long] = [
    measureCosts(traffic, { jitterMs: 20 }),
    measureCosts({ ...traffic, windowMs }, { jitterMs: 20 }),
  ];

  expect([short.isComplete, long.isComplete]).toEqual([true, true]);
  expect(short.messagesPerOperation).toBeLessThan(1.4);
  expect(short.maxMs).toBeLessThan(650);
  expect(long.messagesPerOperation).toBeLessThan(0.6);
  expect(long.maxMs).toBeLessThan(2000);
});

test("in a tree of any branching a payload waits for one batch, and then for its links alone", () => {
  const costs = measureCosts({ ...traffic, topology: "tree4" });

  expect(costs.isComplete).toBe(true);
  expect(costs.messagesPerOperation).toBeLessThan(1.4);
  expect(costs.maxMs).toBeLessThan(325 + 2 * 3 * (100 + 25 + 10) + 20);
});

test("tuned for traffic, a network cut in half for 10 s loses nothing", () => {
  const costs = measureCosts(traffic, { isSplit: true });

  expect(costs.isComplete).toBe(true);
  expect(costs.maxMs).toBeLessThan(14_000);
});
