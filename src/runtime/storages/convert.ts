import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { NodeId } from "../../base/ids.ts";
import type { SnapshotName } from "../../protocols/replicated-log.ts";
import { type DataDirectory, openExisting, pathsOf, type StorageKind, writeIdentity } from "../directory.ts";
import { CorruptionError } from "../errors.ts";
import { storageError, systemFiles } from "../files.ts";
import type { DatabaseThread } from "../lmdb/database-thread.ts";
import type { LogRecord } from "../logs/log.ts";
import { Digest } from "./digest.ts";
import { openStored } from "./storages.ts";
import { readStored, type StoredData } from "./stored-data.ts";

/** What to convert. */
export interface ConvertOptions {
  /** A node's; nobody may be using it. */
  readonly dataDir: string;
  readonly to: StorageKind;
}

/** What came of it. */
export interface Converted {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly from: StorageKind;
  readonly to: StorageKind;
  readonly records: number;
  readonly snapshots: readonly SnapshotName[];
  /** What a start would have done: cut off a torn tail. */
  readonly notices: readonly string[];
}

/** Where the new storage is made. */
const unfinishedName = "converting";

const appendRecordsMax = 256;
const appendBytesMax = 2 ** 20;

/**
 * Converts a data directory to another storage: log, votes, snapshots; what was half received is sent anew.
 *
 * The new storage is made beside the old one, read back, and compared; then `node.json` is replaced, which is the one
 * moment that counts; then the old one is removed. A crash before leaves the old one as it was, a crash after the new
 * one complete. What such a crash left is removed by the next conversion, also by one to what it is already. Throws
 * `DirectoryLockedError` while a node uses the directory, `WrongDirectoryError`, `CorruptionError`, `DiskFullError`,
 * `MissingPackageError`.
 */
export async function convertStorage(
  { dataDir, to }: ConvertOptions,
  start?: () => DatabaseThread,
): Promise<Converted> {
  const directory = await openExisting(resolve(dataDir));
  const { path, nodeId, clusterId, storage: from } = directory;
  const unfinished = join(path, unfinishedName);
  const notices: string[] = [];
  try {
    await rm(unfinished, { recursive: true, force: true });
    const source = await readStored(directory, (text) => notices.push(text));
    let made = { records: 0, snapshots: [] as readonly SnapshotName[] };
    try {
      if (from !== to) made = await copy(source, { ...directory, ...pathsOf(unfinished), storage: to }, start);
    } finally {
      await source.close();
    }
    if (from !== to) await exchange(directory, unfinished, to);
    await removeOthers(path, to);
    return { nodeId, clusterId, from, to, ...made, notices };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw storageError(error, path);
  } finally {
    await directory.close();
  }
}

/** What lies in a data directory for each storage. */
const namesOf: Readonly<Record<StorageKind, readonly string[]>> = { wal: ["wal", "snapshots"], lmdb: ["lmdb"] };

/** Copies everything, reads back what came of it, and compares. */
async function copy(
  source: StoredData,
  target: DataDirectory,
  start: (() => DatabaseThread) | undefined,
): Promise<{ readonly records: number; readonly snapshots: readonly SnapshotName[] }> {
  const digest = new Digest();
  const opened = await openStored(target, () => undefined, start);
  try {
    for await (const _ of opened.log.recover());
    for await (const records of batches(source.records())) {
      for (const record of records) digest.take(record);
      await opened.log.append(records);
    }
    for (const name of await source.snapshots.list()) {
      await opened.snapshots.save(name, source.snapshots.content(name));
    }
  } finally {
    await opened.log.close();
    await opened.close();
  }
  const snapshots = await source.snapshots.list();
  await compare(target, digest.finish(), snapshots);
  return { records: digest.count, snapshots };
}

async function compare(target: DataDirectory, wanted: string, snapshots: readonly SnapshotName[]): Promise<void> {
  const made = await readStored(target, () => undefined);
  try {
    const digest = new Digest();
    for await (const record of made.records()) digest.take(record);
    const found = await made.snapshots.list();
    for (const name of found) for await (const _ of made.snapshots.content(name));
    if (digest.finish() === wanted && JSON.stringify(found) === JSON.stringify(snapshots)) return;
    throw new CorruptionError(target.path, 0, "what was converted reads differently than what was to be converted");
  } finally {
    await made.close();
  }
}

async function* batches(records: AsyncIterable<LogRecord>): AsyncGenerator<readonly LogRecord[], void> {
  let batch: LogRecord[] = [];
  let bytes = 0;
  for await (const record of records) {
    batch.push(record);
    bytes += record.bytes.length;
    if (batch.length < appendRecordsMax && bytes < appendBytesMax) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Puts the new storage in the place of the old one. */
async function exchange(
  { path, nodeId, clusterId, protocol }: DataDirectory,
  unfinished: string,
  to: StorageKind,
): Promise<void> {
  for (const name of namesOf[to]) {
    await rm(join(path, name), { recursive: true, force: true }); // of a conversion that was cut short
    await rename(join(unfinished, name), join(path, name));
  }
  await systemFiles.syncDirectory(path);
  await writeIdentity(path, { nodeId, clusterId, storage: to, protocol });
}

async function removeOthers(path: string, to: StorageKind): Promise<void> {
  const others = Object.entries(namesOf).filter(([kind]) => kind !== to);
  for (const name of [unfinishedName, ...others.flatMap(([, names]) => names)]) {
    await rm(join(path, name), { recursive: true, force: true });
  }
}
