import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Database, openDatabase } from "../../src/runtime/lmdb/database.ts";
import { type DatabaseThread, startThread } from "../../src/runtime/lmdb/database-thread.ts";
import { Desk } from "../../src/runtime/lmdb/desk.ts";

/** No thread at all: quick to start, for tests that open hundreds of databases. */
export function noThread(): DatabaseThread {
  const desk = new Desk();
  return { ask: (ask) => desk.answer(ask), end: async () => {} };
}

/** The thread of the product, from its source. */
export function sourceThread(): DatabaseThread {
  const url = new URL("../../src/runtime/lmdb/thread.ts", import.meta.url).href;
  const program = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(url)}); })`;
  return startThread(new Worker(program, { eval: true, execArgv: [] }));
}

/** A place where one database lives through crashes. */
export interface LmdbPlace {
  /**
   * The database as it is now. One opened before stands for a process that was killed: it lives on, and writes where
   * nobody looks any more.
   */
  open(): Promise<Database>;
  /** Closes and removes everything. */
  end(): Promise<void>;
}

/** A place on the disk. */
export async function lmdbPlace(start: () => DatabaseThread = noThread): Promise<LmdbPlace> {
  const root = await mkdtemp(join(tmpdir(), "quorate-lmdb-"));
  const databases: Database[] = [];
  return {
    open: async () => {
      const directory = join(root, `${databases.length}`);
      const before = databases.at(-1);
      if (before !== undefined) {
        await mkdir(directory);
        await copyFile(before.path, join(directory, "data.mdb"));
      }
      const database = await openDatabase({ directory, start, mapBytes: 64 * 1024 });
      databases.push(database);
      return database;
    },
    end: async () => {
      for (const database of databases) await database.close();
      await rm(root, { recursive: true });
    },
  };
}
