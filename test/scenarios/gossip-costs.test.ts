import { expect, test } from "vitest";
import { newRandom, nextBelow } from "../../src/base/random.ts";
import type { GossipOptions } from "../../src/protocols/gossip/index.ts";
import { GossipGroup } from "../support/gossip-group.ts";

const tickMs = 10;
const ticks = (ms: number) => ms / tickMs;

/** Everything but the schedule, as docs/protocols/gossip.md has it. */
const timing = { roundTripTicks: 20, probeTicks: 100, syncTicks: 2000, settleTicks: 500 };

interface Costs {
  readonly messagesPerOperation: number;
  readonly medianMs: number;
  readonly maxMs: number;
  readonly isComplete: boolean;
}

/** 25 nodes, 100 ms a link, 100 operations a second half of them broadcasts: as in Gossip Glomers 3d and 3e. */
function measure(options: Partial<GossipOptions>, isSplit = false): Costs {
  const group = new GossipGroup({ members: 25, delayTicks: ticks(100), options: { ...timing, ...options } });
  const random = newRandom(7);
  const submittedAt = new Map<string, number>();
  let operations = 0;
  const load = (ms: number): void => {
    for (let tick = 0; tick < ticks(ms); tick++) {
      operations++; // one in 10 ms
      if (nextBelow(random, 2) === 0) {
        const text = `x${operations}`;
        submittedAt.set(text, group.tick);
        group.submit(group.ids[nextBelow(random, group.ids.length)] ?? "", text);
      }
      group.run(1);
    }
  };
  group.run(ticks(1000)); // in Maelstrom, nodes are there for a while before the load is
  const before = group.sent.length;
  load(20_000);
  if (isSplit) {
    group.split(...group.ids.slice(0, 12));
    load(10_000);
    group.heal();
  }
  const messages = group.sent.length - before;
  group.run(ticks(10_000));
  const lastAt = new Map<string, number>();
  for (const { text, at } of group.delivered) lastAt.set(text, Math.max(at, lastAt.get(text) ?? 0));
  const latencies = [...submittedAt].map(([text, at]) => ((lastAt.get(text) ?? 0) - at) * tickMs).sort((a, b) => a - b);
  return {
    messagesPerOperation: messages / operations,
    medianMs: latencies[latencies.length >> 1] ?? 0,
    maxMs: latencies.at(-1) ?? 0,
    isComplete: group.delivered.length === submittedAt.size * group.ids.length,
  };
}

test("straight to all: a link delay to everyone, for 13 messages an operation", () => {
  const costs = measure({ topology: { kind: "full" }, ackTicks: ticks(1000) });

  expect(costs).toMatchObject({ medianMs: 100, maxMs: 100, isComplete: true });
  expect(costs.messagesPerOperation).toBeLessThan(13.5);
});

test("tuned for traffic, within the latencies of Gossip Glomers 3d: 1.1 messages an operation", () => {
  const costs = measure({ tuning: "traffic", periodTicks: ticks(340), ackTicks: ticks(2000) });

  expect(costs.isComplete).toBe(true);
  expect(costs.messagesPerOperation).toBeLessThan(1.2);
  expect(costs.medianMs).toBeLessThan(400);
  expect(costs.maxMs).toBeLessThan(600);
});

test("tuned for traffic, within the latencies of Gossip Glomers 3e: 0.4 messages an operation", () => {
  const costs = measure({ tuning: "traffic", periodTicks: ticks(1400), ackTicks: ticks(4000) });

  expect(costs.isComplete).toBe(true);
  expect(costs.messagesPerOperation).toBeLessThan(0.5);
  expect(costs.medianMs).toBeLessThan(1000);
  expect(costs.maxMs).toBeLessThan(2000);
});

test("tuned for traffic, a network cut in half for 10 s loses nothing", () => {
  const costs = measure({ tuning: "traffic", periodTicks: ticks(340), ackTicks: ticks(2000) }, true);

  expect(costs.isComplete).toBe(true);
  expect(costs.maxMs).toBeLessThan(14_000);
});
