import { describe, expect, test } from "vitest";
import { newRandom } from "../base/random.ts";
import type { Vocabulary } from "../protocols/core.ts";
import { Disk } from "./disk.ts";
import { EventQueue } from "./event-queue.ts";
import type { Store } from "./protocol.ts";

interface Words extends Vocabulary {
  readonly record: string;
}

/** Records whose text begins with `!` are writes of their own. */
class Texts implements Store<Words> {
  readonly writes: string[] = [];
  isDamaged = false;

  isApart(record: string): boolean {
    return record.startsWith("!");
  }

  encode(record: string): Uint8Array {
    return new Uint8Array(record.length);
  }

  put(records: readonly string[]): void {
    this.writes.push(records.join("+"));
  }

  flip(): boolean {
    return false;
  }
}

function disk(seed = 1): { disk: Disk<Words>; store: Texts; queue: EventQueue; told: (number | boolean)[] } {
  const queue = new EventQueue();
  const store = new Texts();
  const told: (number | boolean)[] = [];
  const events = { persisted: (count: number) => told.push(count), full: (isFull: boolean) => told.push(isFull) };
  const parts = { queue, random: newRandom(seed), speed: () => [10, 10] as const, events };
  return { disk: new Disk<Words>(store, parts), store, queue, told };
}

test("one write at a time: what waits meanwhile goes together, and is told when all of it is durable", () => {
  const { disk: one, store, queue, told } = disk();
  one.persist(["a"]);
  one.persist(["b"]);
  one.persist(["c", "!d", "e"]);

  queue.runUntil(10);
  const first = { writes: [...store.writes], told: [...told] };
  queue.runUntil(100);

  expect(first).toEqual({ writes: ["a"], told: [1] });
  expect(store.writes).toEqual(["a", "b+c", "!d", "e"]);
  expect(told).toEqual([1, 4]);
});

describe("a crash", () => {
  test("keeps what was durable, and gives the disk nothing of what waited", () => {
    for (let seed = 0; seed < 30; seed++) {
      const { disk: one, store, queue } = disk(seed);
      one.persist(["a"]);
      queue.runUntil(15);
      one.persist(["b", "c"]);
      one.persist(["d"]);

      one.crash();
      queue.runUntil(100);

      expect(["a", "a,b+c"]).toContain(store.writes.join());
    }
  });

  test("leaves the write in flight whole or torn, both of them often; a long one is torn more often", () => {
    const whole = (length: number) =>
      Array.from({ length: 200 }, (_, seed) => {
        const { disk: one } = disk(seed);
        one.persist(["x".repeat(length)]);
        one.crash();
        return one.revived;
      }).reduce((sum, count) => sum + count, 0);

    const [short, long] = [whole(10), whole(5000)];

    expect(short).toBeGreaterThan(80);
    expect(short).toBeLessThan(160);
    expect(long).toBeGreaterThan(40);
    expect(long).toBeLessThan(short);
  });

  test("can be made to come in the middle of the next write", () => {
    const { disk: one, store, queue } = disk();
    one.interrupt(() => one.crash());
    queue.runUntil(50);
    one.persist(["a"]);

    queue.runUntil(100);

    expect(one.torn + one.revived).toBe(1);
    expect(store.writes.length).toBe(one.revived);
  });

  test("ends everything: nothing is durable later, nothing is told", () => {
    const { disk: one, queue, told } = disk();
    one.persist(["a"]);

    one.crash();
    queue.runUntil(1000);

    expect(told).toEqual([]);
  });
});

test("a full disk is told once, tried again, and told again when there is room", () => {
  const { disk: one, store, queue, told } = disk();
  one.isFull = true;
  one.persist(["a"]);
  queue.runUntil(1000);
  const before = [...told];

  one.mend();
  queue.runUntil(2000);

  expect(before).toEqual([true]);
  expect(told).toEqual([true, false, 1]);
  expect(store.writes).toEqual(["a"]);
});

test("a stuck disk ends no write until it is mended, also if it is mended at once", () => {
  const { disk: one, store, queue } = disk();
  one.persist(["a"]);
  one.isStuck = true;
  one.mend();
  one.isStuck = true;
  queue.runUntil(500);
  const before = [...store.writes];

  one.mend();
  queue.runUntil(1000);

  expect(before).toEqual([]);
  expect(store.writes).toEqual(["a"]);
});
