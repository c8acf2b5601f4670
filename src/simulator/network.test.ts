import { expect, test } from "vitest";
import { newRandom } from "../base/random.ts";
import { EventQueue } from "./event-queue.ts";
import { Network } from "./network.ts";
import type { World } from "./plans/plan.ts";
import { calmWorld } from "./plans/run.ts";

function network(world: Partial<World> = {}): { queue: EventQueue; network: Network; arrived: number[] } {
  const queue = new EventQueue();
  return { queue, network: new Network({ ...calmWorld, ...world }, queue, newRandom(1)), arrived: [] };
}

function sendMany(net: ReturnType<typeof network>, count: number): void {
  for (let at = 0; at < count; at++) net.network.send(0, 1, () => net.arrived.push(at));
}

test("what is sent arrives once, and later", () => {
  const net = network();
  sendMany(net, 100);
  expect(net.arrived).toEqual([]);

  net.queue.runUntil(10);

  expect(net.arrived.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 100 }, (_, at) => at));
});

test("without order messages overtake each other, with it they do not", () => {
  const [free, ordered] = [network({ delayMs: [1, 50] }), network({ delayMs: [1, 50], isOrdered: true })];

  for (const net of [free, ordered]) {
    sendMany(net, 100);
    net.queue.runUntil(100);
  }

  expect(ordered.arrived).toEqual(Array.from({ length: 100 }, (_, at) => at));
  expect(free.arrived).not.toEqual(ordered.arrived);
});

test("about as many are lost and repeated as the world says", () => {
  const [lossy, repeating] = [network({ loss: 300 }), network({ repeat: 300 })];

  for (const net of [lossy, repeating]) {
    sendMany(net, 1000);
    net.queue.runUntil(100);
  }

  expect(Math.abs(lossy.arrived.length - 700)).toBeLessThan(60);
  expect(Math.abs(repeating.arrived.length - 1300)).toBeLessThan(60);
});

test("a cut loses what is on its way, in one direction", () => {
  const net = network();
  sendMany(net, 1);
  net.network.send(1, 0, () => net.arrived.push(-1));
  net.network.cut(0, 1);

  net.queue.runUntil(10);
  net.network.join(0, 1);
  net.queue.runUntil(20);

  expect(net.arrived).toEqual([-1]);
});

test("a clogged link holds back what is sent, and gives it out in order once it is free", () => {
  const net = network({ delayMs: [1, 1] });
  net.network.clog(0, 1);
  sendMany(net, 5);
  net.queue.runUntil(100);
  const before = [...net.arrived];

  net.network.heal();
  net.queue.runUntil(101);

  expect(before).toEqual([]);
  expect(net.arrived).toEqual([0, 1, 2, 3, 4]);
});
