import type { DataDirectory } from "../directory.ts";
import { openDatabase } from "../lmdb/database.ts";
import { type DatabaseThread, startThread } from "../lmdb/database-thread.ts";
import { lmdbLog } from "../logs/lmdb.ts";
import type { Log } from "../logs/log.ts";
import { openWal } from "../logs/wal/wal.ts";
import { openSnapshots } from "../snapshots/files.ts";
import { lmdbSnapshots } from "../snapshots/lmdb.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";

/** What a data directory keeps: open, and not yet read. */
export interface OpenStorage {
  readonly log: Log;
  readonly snapshots: Snapshots;
  /** To be called once, after `log.close`. */
  close(): Promise<void>;
}

/**
 * Opens what a data directory keeps, in the way that it does. `notice` is told what an operator should know; `start`
 * starts what has a database.
 *
 * Throws `MissingPackageError`, `CorruptionError`, `WrongDirectoryError` and `DiskFullError`.
 */
export async function openStored(
  { storage, walPath, snapshotsPath, lmdbPath }: DataDirectory,
  notice: (text: string) => void,
  start: () => DatabaseThread = startThread,
): Promise<OpenStorage> {
  if (storage === "wal") {
    const log = await openWal({ directory: walPath, notice });
    return { log, snapshots: await openSnapshots({ directory: snapshotsPath }), close: async () => undefined };
  }
  const database = await openDatabase({ directory: lmdbPath, start });
  try {
    return { log: lmdbLog(database), snapshots: await lmdbSnapshots(database), close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}
