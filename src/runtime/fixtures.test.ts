import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { recovered } from "../../test/conformance/log.ts";
import { whole } from "../../test/conformance/snapshots.ts";
import { noThread } from "../../test/support/lmdb-places.ts";
import { openDatabase } from "./lmdb/database.ts";
import { FileDatabase } from "./lmdb/file-database.ts";
import { lmdbLog } from "./logs/lmdb.ts";
import type { LogRecord } from "./logs/log.ts";
import { openWal } from "./logs/wal/wal.ts";
import { openSnapshots } from "./snapshots/files.ts";
import { lmdbSnapshots } from "./snapshots/lmdb.ts";

test("a log of format 1 is read", async () => {
  const directory = await copyOf("wal-v1/whole");

  const { log, records } = await recovered({ open: () => openWal({ directory }), end: async () => {} });
  const spans = await log.read(0, 21, 1e6);
  await log.close();

  expect(records).toEqual(walRecords());
  expect([spans.at(0)?.first, spans.at(-1)?.last]).toEqual([21, 60]);
});

test("a torn log of format 1 is cut, read and appended to", async () => {
  const directory = await copyOf("wal-v1/torn");
  const notices: string[] = [];
  const open = () => openWal({ directory, notice: (text) => notices.push(text) });

  const { log, records } = await recovered({ open, end: async () => {} });
  await log.append(walRecords().slice(-1));
  await log.close();

  expect(records).toEqual(walRecords().slice(0, -1));
  expect(notices).toEqual([expect.stringContaining("interrupted at byte")]);
  const again = await recovered({ open, end: async () => {} });
  await again.log.close();
  expect(again.records.at(-1)).toEqual(walRecords().at(-1));
});

test("snapshots of format 1 are read", async () => {
  const snapshots = await openSnapshots({ directory: await copyOf("snapshots-v1") });

  const complete = { index: 300, term: 4, bytes: 1000, checksum: 501268548 };
  const partial = { index: 400, term: 5, bytes: 2000, checksum: 7 };
  expect(await snapshots.list()).toEqual([complete]);
  expect(Buffer.alloc(1000, 1).equals(await whole(snapshots, complete))).toBe(true);
  expect(await snapshots.partial()).toEqual({ snapshot: partial, received: 150 });
});

test.each(["with LMDB", "without LMDB"])("a database of format 1 is read %s", async (way) => {
  const directory = await copyOf("lmdb-v1/lmdb");
  const isReadOnly = way === "without LMDB";
  const database = isReadOnly ? FileDatabase.open(directory) : await openDatabase({ directory, start: noThread });

  const snapshots = await lmdbSnapshots(database);
  const { log, records } = await recovered({ open: async () => lmdbLog(database), end: async () => {} });
  const spans = await log.read(0, 21, 1e6);
  const complete = { index: 300, term: 4, bytes: 100_000, checksum: crc32(Buffer.alloc(100_000, 1)) };
  const content = Buffer.from(await whole(snapshots, complete));
  if (!isReadOnly) await log.append(walRecords().slice(-1));
  await database.close();

  // The first block was not dropped; the second one repeats the latest records at its head.
  const [entries, later] = [walRecords().slice(0, 34), records.slice(34)];
  expect(records.slice(0, 34)).toEqual(entries);
  expect(later.filter(({ latest }) => latest)).toEqual([entries[0], entries[33]]);
  expect(later.filter(({ latest }) => !latest).map(({ bytes }) => bytes.length)).toEqual(
    Array.from({ length: 270 }, (_, at) => at + 31),
  );
  expect([spans.at(0)?.first, spans.at(-1)?.last]).toEqual([21, 300]);
  expect(await snapshots.list()).toEqual([complete]);
  expect(content.equals(Buffer.alloc(100_000, 1))).toBe(true);
  expect(await snapshots.partial()).toMatchObject({ snapshot: { index: 400 }, received: 150 });
});

/** A copy, since reading a log also settles its end. */
async function copyOf(fixture: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "quorate-fixture-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await cp(fileURLToPath(new URL(`../../test/fixtures/${fixture}`, import.meta.url)), directory, { recursive: true });
  return directory;
}

/** What the log holds, as it is recovered: the second segment repeats the latest records at its head. */
function walRecords(): LogRecord[] {
  const entry = (first: number, count: number): LogRecord => {
    return { group: 0, kind: 1, bytes: Buffer.alloc(1500 + first, first), positions: { first, count } };
  };
  const vote = { group: 0, kind: 0, bytes: Buffer.from("term 3, voted for n2"), latest: true };
  const compacted = { group: 0, kind: 3, bytes: Buffer.from("through 20"), latest: true, dropThrough: 20 };
  const other = { group: 9, kind: 255, bytes: Buffer.alloc(0) };
  const records: LogRecord[] = [vote, other];
  for (let first = 1; first <= 30; first++) records.push(entry(first, 1));
  records.push(entry(25, 6), compacted);
  records.push(vote, compacted);
  for (let first = 31; first <= 60; first++) records.push(entry(first, 1));
  return records.map((record) => ({ ...record, bytes: new Uint8Array(record.bytes) }));
}
