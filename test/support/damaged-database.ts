import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { toUtf8 } from "../../src/base/text.ts";
import { CorruptionError, WrongDirectoryError } from "../../src/runtime/errors.ts";
import { type Database, openDatabase } from "../../src/runtime/lmdb/database.ts";
import { dataFileName } from "../../src/runtime/lmdb/keys.ts";
import { DatabaseFile } from "../../src/runtime/lmdb/pages.ts";
import { lmdbLog } from "../../src/runtime/logs/lmdb.ts";
import type { LogRecord } from "../../src/runtime/logs/log.ts";
import { lmdbSnapshots } from "../../src/runtime/snapshots/lmdb.ts";
import { recovered } from "../conformance/log.ts";
import { whole } from "../conformance/snapshots.ts";
import { noThread } from "./lmdb-places.ts";

/** An entry at a position, of a size. */
export function entry(position: number, size: number): LogRecord {
  const bytes = new Uint8Array(size).map((_, at) => (at % 7 === 0 ? position : 0)); // long runs of zeros
  return { group: 0, kind: 1, bytes, positions: { first: position, count: 1 } };
}

/** Opens a database without a thread, as it would be on a machine where little is mapped at first. */
export function openUnthreaded(directory: string): Promise<Database> {
  return openDatabase({ directory, start: noThread, mapBytes: 64 * 1024 });
}

/** Fills a database with some of all there is: values on one page and on many, free pages, snapshots, a half one. */
async function fillDatabase(directory: string): Promise<void> {
  const database = await openUnthreaded(directory);
  const snapshots = await lmdbSnapshots(database);
  const { log } = await recovered({ open: async () => lmdbLog(database), end: async () => {} });
  await log.append([{ group: 0, kind: 0, bytes: toUtf8("term 3, voted for n2"), latest: true }]);
  for (let position = 1; position <= 40; position++) await log.append([entry(position, 20 + (position % 9) * 37)]);
  await snapshots.save({ index: 5, term: 1 }, [new Uint8Array(9000).fill(3)]);
  await log.append([entry(41, 9000), entry(42, 10)]);
  await snapshots.receive({ index: 9, term: 2, bytes: 500, checksum: 7 }, 0, new Uint8Array(300).fill(4));
  await snapshots.save({ index: 7, term: 2 }, [new Uint8Array(5000).fill(5)]);
  await snapshots.dropBefore(7);
  for (let position = 43; position <= 50; position++) await log.append([entry(position, 100)]);
  await database.close();
}

/** Reads all that a database says, as a line; then appends to it, and reads that again. */
async function digest(directory: string): Promise<string> {
  const database = await openUnthreaded(directory);
  try {
    const snapshots = await lmdbSnapshots(database);
    const { log, records } = await recovered({ open: async () => lmdbLog(database), end: async () => {} });
    const parts = [`${records.length} records ${crc32(JSON.stringify(records.map(labelOf)))}`];
    for (const name of await snapshots.list()) parts.push(`${name.index} ${crc32(await whole(snapshots, name))}`);
    parts.push(JSON.stringify(await snapshots.partial()));
    const last = Math.max(...records.map(({ positions }) => positions?.first ?? 0));
    for (let more = 1; more <= 4; more++) await log.append([entry(last + more, more * 1500)]);
    const spans = await log.read(0, 1, 1e6);
    parts.push(`${spans.length} spans ${crc32(JSON.stringify(spans.map(({ record }) => labelOf(record))))}`);
    return parts.join("\n");
  } finally {
    await database.close();
  }
}

function labelOf({ bytes, ...hints }: LogRecord): unknown {
  return [hints, bytes.length, crc32(bytes)];
}

/** What became of flipping bytes, one at a time. */
export interface Flips {
  readonly refused: number;
  /** All was read as it was stored, and more could be stored. */
  readonly harmless: number;
  /** Neither: in words. */
  readonly wrong: readonly string[];
}

/** Flips a bit of each byte in use that `isTried`, in a database of its own below `root`. */
export async function describeFlips(root: string, isTried: (offset: number) => boolean): Promise<Flips> {
  const directory = await mkdtemp(join(root, "quorate-damaged-"));
  try {
    const path = join(directory, "whole");
    await fillDatabase(path);
    const bytes = await readFile(join(path, dataFileName));
    const file = DatabaseFile.open(join(path, dataFileName));
    file.close();
    const wanted = await withDatabase(join(directory, "copy"), bytes, digest);
    const flips = { refused: 0, harmless: 0, wrong: [] as string[] };
    for (let offset = 0; offset < file.bytes; offset++) {
      if (!isTried(offset)) continue;
      const damaged = Buffer.from(bytes);
      damaged[offset] = (damaged[offset] as number) ^ (1 << ((offset * 7) % 8));
      const found = await withDatabase(join(directory, "damaged"), damaged, digest).catch(refusalOf);
      if (found === "refused") flips.refused++;
      else if (found === wanted) flips.harmless++;
      else flips.wrong.push(`byte ${offset}: ${found}`);
    }
    return flips;
  } finally {
    await rm(directory, { recursive: true });
  }
}

function refusalOf(error: unknown): string {
  const isNamed = error instanceof CorruptionError || error instanceof WrongDirectoryError;
  return isNamed ? "refused" : String(error);
}

/** Puts `bytes` there as a database of its own, does something with it, and removes it. */
async function withDatabase<Result>(
  directory: string,
  bytes: Uint8Array,
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(directory);
  try {
    await writeFile(join(directory, dataFileName), bytes);
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
