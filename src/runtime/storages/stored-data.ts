import { existsSync } from "node:fs";
import type { DataDirectory } from "../directory.ts";
import { type Files, type OpenFile, systemFiles } from "../files.ts";
import { FileDatabase } from "../lmdb/file-database.ts";
import { lmdbLog } from "../logs/lmdb.ts";
import type { LogRecord } from "../logs/log.ts";
import { recoverSegments } from "../logs/wal/recovery.ts";
import { openSnapshots } from "../snapshots/files.ts";
import { lmdbSnapshots } from "../snapshots/lmdb.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";

/** What a data directory keeps, to be read and left as it is, down to a torn tail. */
export interface StoredData {
  /** Everything in the log, in the order it was stored, as a start would find it; to be read once. */
  records(): AsyncIterable<LogRecord>;
  readonly snapshots: Snapshots;
  close(): Promise<void>;
}

/**
 * Opens what a data directory keeps, to read it. `notice` is told what a start would do: cut off a torn tail.
 *
 * Throws `CorruptionError` and `WrongDirectoryError`, also while it is read. Needs no package for any storage.
 */
export async function readStored(
  { storage, walPath, snapshotsPath, lmdbPath }: DataDirectory,
  notice: (text: string) => void,
): Promise<StoredData> {
  if (storage === "wal") {
    return {
      records: () => walRecords(walPath, notice),
      snapshots: await openSnapshots({ directory: snapshotsPath, files: readOnlyFiles }),
      close: async () => undefined,
    };
  }
  const database = FileDatabase.open(lmdbPath);
  try {
    const log = lmdbLog(database);
    return { records: () => log.recover(), snapshots: await lmdbSnapshots(database), close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function* walRecords(path: string, notice: (text: string) => void): AsyncGenerator<LogRecord, void> {
  for await (const { records } of recoverSegments(readOnlyFiles, path, notice, () => undefined)) yield* records;
}

/** The file system of this machine, of which nothing is changed: as if it were done. */
const readOnlyFiles: Files = {
  open: async (path) => readOnly(await systemFiles.open(path, "read")),
  list: async (directory) => (existsSync(directory) ? await systemFiles.list(directory) : []),
  makeDirectory: async () => undefined,
  rename: async () => undefined,
  remove: async () => undefined,
  syncDirectory: async () => undefined,
};

function readOnly(file: OpenFile): OpenFile {
  return {
    path: file.path,
    size: () => file.size(),
    read: (into, position) => file.read(into, position),
    write: async () => undefined,
    truncate: async () => undefined,
    sync: async () => undefined,
    close: () => file.close(),
  };
}
