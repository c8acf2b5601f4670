import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Deliveries } from "./deliveries.ts";

interface Numbered {
  readonly number: number;
}

/** A queue, what was taken in, and what went wrong. */
function newQueue() {
  const taken: number[] = [];
  const failures: unknown[] = [];
  const queue = new Deliveries<Numbered>(
    ({ number }) => taken.push(number),
    (error) => failures.push(error),
  );
  return { queue, taken, failures };
}

const numberOf = ({ number }: Numbered): number => number;

test("a delivery is taken in when the next is asked for, and not before", async () => {
  const { queue, taken } = newQueue();
  for (const number of [1, 2, 3]) queue.push({ number });
  const reader = queue.read(numberOf);

  expect(await reader.next()).toEqual({ done: false, value: 1 });
  expect(taken).toEqual([]);
  expect(await reader.next()).toEqual({ done: false, value: 2 });
  expect(taken).toEqual([1]);
  await reader.return?.();
  expect(taken).toEqual([1, 2]);
});

test("a task runs between what was pushed before and after it, once that is taken in", async () => {
  const { queue, taken } = newQueue();
  const seen: string[] = [];
  let finish: () => void = () => {};
  queue.push({ number: 1 });
  queue.pushTask(() => {
    seen.push(`task after ${taken.join()}`);
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  queue.push({ number: 2 });
  const reader = queue.read(numberOf);

  await reader.next();
  await turn();
  expect(seen).toEqual([]);
  const second = reader.next();
  await turn();
  expect(seen).toEqual(["task after 1"]);
  expect(queue.isIdle).toBe(false);
  finish();

  expect(await second).toEqual({ done: false, value: 2 });
});

test("a task at the head of the queue needs no reader", async () => {
  const { queue } = newQueue();
  let runs = 0;

  queue.pushTask(async () => {
    runs++;
  });
  await turn();

  expect([runs, queue.isIdle]).toEqual([1, true]);
});

test("a task that fails is told, and nothing is given out after it", async () => {
  const { queue, failures } = newQueue();
  const broken = new Error("broken");

  queue.pushTask(() => Promise.reject(broken));
  queue.push({ number: 1 });
  await turn();
  queue.close(broken);

  expect(failures).toEqual([broken]);
  await expect(queue.read(numberOf).next()).rejects.toBe(broken);
});

test("a closed queue is read to its end; a signal ends a reader at once", async () => {
  const { queue } = newQueue();
  const stop = new AbortController();
  const aborted = queue.read(numberOf, stop.signal).next();
  stop.abort();
  await expect(aborted).rejects.toMatchObject({ code: "QUORATE_ABORTED" });

  for (let number = 1; number <= 3000; number++) queue.push({ number });
  queue.close();
  let sum = 0;
  for await (const number of queue.read(numberOf)) sum += number;

  expect(sum).toBe((3000 * 3001) / 2);
  expect(queue.isIdle).toBe(true);
});

test("calls that wait at the same time are served in order, each with a delivery of its own", async () => {
  const { queue, taken } = newQueue();
  const reader = queue.read(numberOf);
  const calls = [reader.next(), reader.next(), reader.next()];
  await turn();

  for (const number of [1, 2]) queue.push({ number });
  queue.close();

  expect((await Promise.all(calls)).map(({ value }) => value)).toEqual([1, 2, undefined]);
  expect(taken).toEqual([1, 2]);
});

test("a loop that was ended takes nothing more, and ends no other", async () => {
  const { queue, taken } = newQueue();
  const first = queue.read(numberOf);
  const waiting = first.next();
  await first.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });

  const second = queue.read(numberOf);
  queue.push({ number: 1 });
  queue.push({ number: 2 });
  expect(await second.next()).toEqual({ done: false, value: 1 });
  expect(await first.next()).toEqual({ done: true, value: undefined });
  await first.return?.();

  expect(taken).toEqual([]);
  expect(() => queue.read(numberOf)).toThrow("one reader");
  expect(await second.next()).toEqual({ done: false, value: 2 });
});

test("a task that fails ends the loop even when nobody else stops", async () => {
  const { queue } = newQueue();
  const broken = new Error("broken");
  const waiting = queue.read(numberOf).next();
  queue.pushTask(() => Promise.reject(broken));
  queue.close();

  await expect(waiting).rejects.toBe(broken);
});
