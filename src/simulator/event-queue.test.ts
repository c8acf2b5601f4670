import fc from "fast-check";
import { expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

test("events happen in order of time, and at the same time in the order asked for", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (delays) => {
      const queue = new EventQueue();
      const happened: { at: number; asked: number }[] = [];

      for (const [asked, ms] of delays.entries()) queue.after(ms, () => happened.push({ at: queue.now, asked }));
      queue.runUntil(20);

      const expected = delays.map((at, asked) => ({ at, asked })).sort((one, other) => one.at - other.at);
      expect(happened).toEqual(expected);
    }),
  );
});

test("what is due later waits, and what an event asks for happens in its turn", () => {
  const queue = new EventQueue();
  const happened: string[] = [];
  queue.after(5, () => {
    happened.push("first");
    queue.after(1, () => happened.push("from the first"));
  });
  queue.after(10, () => happened.push("late"));

  queue.runUntil(6);

  expect(happened).toEqual(["first", "from the first"]);
  expect(queue.now).toBe(6);
});
