import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { entry, openUnthreaded } from "../../../test/support/damaged-database.ts";
import { sourceThread } from "../../../test/support/lmdb-places.ts";
import { fromUtf8, toUtf8 } from "../../base/text.ts";
import { lmdbLog } from "../logs/lmdb.ts";
import type { Log } from "../logs/log.ts";
import { lmdbSnapshots } from "../snapshots/lmdb.ts";
import { type Database, openDatabase } from "./database.ts";
import { DatabaseFile, type PageCounts } from "./pages.ts";

/** In memory where that can be had: what syncs cost is not what these tests ask. */
const home = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

async function temporary(): Promise<string> {
  const root = await mkdtemp(join(home, "quorate-database-"));
  onTestFinished(() => rm(root, { recursive: true }));
  return join(root, "lmdb");
}

/** Pages and keys of a database that nobody writes to at present. */
function examine(database: Database): PageCounts & { readonly keys: readonly string[] } {
  const file = DatabaseFile.open(database.path);
  try {
    const keys = [...file.values()].map(({ key }) => Buffer.from(key).toString("hex"));
    return { keys, ...file.checkFree() };
  } finally {
    file.close();
  }
}

async function newLog(database: Database): Promise<Log> {
  const log = lmdbLog(database);
  for await (const _ of log.recover());
  return log;
}

describe("a database", () => {
  test("gives ranges of keys, bounded by count or bytes, from the last key at or before the first if asked to", async () => {
    const database = await openUnthreaded(await temporary());
    const key = (text: string) => toUtf8(text);
    const puts = ["b1", "b2", "b4", "c1"].map((text) => ({ key: key(text), value: toUtf8(`value of ${text}`) }));
    await database.commit({ puts });
    const scan = async (range: Parameters<Database["scan"]>[0]) =>
      (await database.scan(range)).map((pair) => `${fromUtf8(pair.key)}=${fromUtf8(pair.value)}`);

    const all = await scan({ from: key("b"), before: key("c") });
    const two = await scan({ from: key("b"), before: key("d"), countMax: 2 });
    const some = await scan({ from: key("b"), before: key("d"), bytesMax: 12 });
    const floor = await scan({ from: key("b3"), before: key("c"), floor: true });
    const exact = await scan({ from: key("b2"), before: key("c"), floor: true, countMax: 1 });
    const removed = await database.commit({ removes: [{ from: key("b2"), before: key("c"), countMax: 1 }] });
    const left = await scan({ from: key("b"), before: key("d") });
    await database.close();

    expect(all).toEqual(["b1=value of b1", "b2=value of b2", "b4=value of b4"]);
    expect([two.length, some.length, floor[0], exact[0]]).toEqual([2, 2, "b2=value of b2", "b2=value of b2"]);
    expect([removed, left.length]).toEqual([1, 3]);
  });

  test("works in a thread of its own, and refuses work once it is closed or the thread is gone", async () => {
    const thread = sourceThread();
    const database = await openDatabase({ directory: await temporary(), start: () => thread });
    await database.commit({ puts: [{ key: toUtf8("key"), value: new Uint8Array(100_000).fill(7) }] });
    const [found] = await database.scan({ from: toUtf8("k"), before: toUtf8("l") });

    await thread.end();
    const orphaned = database.commit({ puts: [{ key: toUtf8("key"), value: toUtf8("x") }] });
    await expect(orphaned).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED" });
    await database.close();

    expect(found?.value).toEqual(new Uint8Array(100_000).fill(7));
    await expect(database.scan({ from: toUtf8("a"), before: toUtf8("z") })).rejects.toMatchObject({
      code: "QUORATE_STORAGE_FAILED",
    });
  });

  test("is made whole or not at all: what a crash left of making it is made anew", async () => {
    const directory = await temporary();
    await (await openUnthreaded(`${directory}.unfinished`)).close();
    await writeFile(join(`${directory}.unfinished`, "data.mdb"), "half");

    const database = await openUnthreaded(directory);
    const { keys } = examine(database);
    await database.close();

    expect(keys).toEqual(["01"]);
    expect(await readdir(join(directory, ".."))).toEqual(["lmdb"]);
  });

  test("grows beyond what was mapped at first", async () => {
    const database = await openUnthreaded(await temporary()); // maps 64 KiB
    const value = new Uint8Array(200_000).fill(1);
    for (let at = 0; at < 20; at++) await database.commit({ puts: [{ key: toUtf8(`k${at}`), value }] });

    const found = await database.scan({ from: toUtf8("k"), before: toUtf8("l") });
    await database.close();

    expect(found).toHaveLength(20);
    expect(database.stats.bytes).toBeGreaterThan(20 * 200_000);
  });

  test("of any history is sound, page by page, and loses none", { timeout: 60_000 }, async () => {
    const change = fc.record({ first: fc.nat(60), count: fc.nat(20), size: fc.nat(30_000), isRemoval: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
        const directory = await mkdtemp(join(home, "quorate-database-"));
        const database = await openUnthreaded(join(directory, "lmdb"));
        const model = new Set(["01"]);
        for (const { first, count, size, isRemoval } of changes) {
          const keys = Array.from({ length: count }, (_, at) => Uint8Array.of(2, first + at));
          const removes = keys.map((key) => ({ from: key, before: Uint8Array.of(...key, 0) }));
          const puts = keys.map((key) => ({ key, value: new Uint8Array((size * (key[1] ?? 0)) % 30_000) }));
          await database.commit(isRemoval ? { removes } : { puts });
          for (const key of keys) model[isRemoval ? "delete" : "add"](Buffer.from(key).toString("hex"));
        }

        const { keys, lost } = examine(database);
        await database.close();
        await rm(directory, { recursive: true });

        expect(keys).toEqual([...model].sort());
        expect(lost).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

describe("what is dropped", () => {
  test("from the log makes room for what comes: the file stops growing", async () => {
    const database = await openUnthreaded(await temporary());
    const log = await newLog(database);
    const sizes: number[] = [];
    for (let position = 1; position <= 6000; position++) {
      await log.append([entry(position, 1000)]);
      if (position % 600 !== 0) continue;
      const through = position - 300;
      await log.append([{ group: 0, kind: 2, bytes: toUtf8("base"), latest: true, dropThrough: through }]);
      sizes.push(database.stats.bytes);
    }
    const records: number[] = [];
    const again = lmdbLog(database);
    for await (const { positions } of again.recover()) records.push(positions?.first ?? 0);
    await database.close();

    expect(sizes.at(-1)).toBe(sizes[5]);
    expect(sizes.at(-1)).toBeLessThan(4 * 2 ** 20);
    expect(records.length).toBeLessThan(1500);
    expect(records).toContain(5701);
  });

  test("repeats the latest records, in the order of their last writing", async () => {
    const database = await openUnthreaded(await temporary());
    const log = await newLog(database);
    const latest = (kind: number, text: string) => ({ group: 0, kind, bytes: toUtf8(text), latest: true });
    await log.append([latest(0, "old vote"), latest(9, "other"), latest(0, "new vote")]);
    for (let position = 1; position <= 600; position++) await log.append([entry(position, 10)]);
    await log.append([{ group: 0, kind: 3, bytes: toUtf8("base"), dropThrough: 600 }]);
    await log.append([entry(601, 10)]);

    const texts: string[] = [];
    for await (const { latest: isLatest, bytes } of lmdbLog(database).recover())
      if (isLatest) texts.push(fromUtf8(bytes));
    await database.close();

    expect(texts).toEqual(["other", "new vote"]);
  });

  test("of the snapshots goes with all its pieces", async () => {
    const database = await openUnthreaded(await temporary());
    const snapshots = await lmdbSnapshots(database);
    const size = () => database.stats.bytes;
    for (let index = 1; index <= 3; index++) {
      await snapshots.save({ index, term: 1 }, [new Uint8Array(3_000_000).fill(index)]);
      await snapshots.dropBefore(index);
    }
    const before = size();
    for (let index = 4; index <= 8; index++) {
      await snapshots.save({ index, term: 1 }, [new Uint8Array(3_000_000).fill(index)]);
      await snapshots.dropBefore(index);
    }
    const { keys } = examine(database);
    await database.close();

    expect(size()).toBe(before);
    expect(keys.filter((key) => key.startsWith("10"))).toHaveLength(1);
    expect(keys.filter((key) => key.startsWith("11"))).toHaveLength(Math.ceil(3_000_000 / (16 * 4096 - 64)));
  });

  test("of a snapshot that was being saved when the process ended is found by the next", async () => {
    const database = await openUnthreaded(await temporary());
    const snapshots = await lmdbSnapshots(database);
    const saved = await snapshots.save({ index: 1, term: 1 }, [new Uint8Array(10)]);
    const content = examine(database).keys.filter((key) => key.startsWith("11"));
    const stray = Buffer.from(content[0]?.replace("0000000000000001", "0000000000000007") ?? "", "hex");
    await database.commit({ puts: [{ key: stray, value: toUtf8("half a snapshot") }] });

    const again = await lmdbSnapshots(database);
    const left = examine(database).keys.filter((key) => key.startsWith("11"));
    await database.close();

    expect(left).toEqual(content);
    expect(await again.list()).toEqual([saved]);
  });
});
