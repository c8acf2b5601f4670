import { openDatabase } from "../../src/runtime/lmdb/database.ts";
import { lmdbLog } from "../../src/runtime/logs/lmdb.ts";
import type { Log } from "../../src/runtime/logs/log.ts";
import { openWal } from "../../src/runtime/logs/wal/wal.ts";
import { sourceThread } from "./lmdb-places.ts";

/** The logs that live on a disk. */
export type DiskLogKind = "wal" | "lmdb";

/** Opens a log of a kind in a directory of its own; it takes with it, when closed, what it is kept in. */
export async function openDiskLog(kind: DiskLogKind, directory: string): Promise<Log> {
  if (kind === "wal") return await openWal({ directory, segmentBytesMax: 256 * 1024 });
  const database = await openDatabase({ directory, start: sourceThread });
  const log = lmdbLog(database);
  return {
    recover: () => log.recover(),
    append: (records) => log.append(records),
    read: (group, from, bytesMax) => log.read(group, from, bytesMax),
    stats: () => log.stats(),
    close: async () => {
      await log.close();
      await database.close();
    },
  };
}
