import { join } from "node:path";
import { unreachable } from "../../base/invariant.ts";
import { ClosedError, CorruptionError, DiskFullError, StorageFailedError, WrongDirectoryError } from "../errors.ts";
import { MissingPackageError } from "../storages/errors.ts";
import type { Answer, Ask, EngineStats, Fault, RemoveRange, ScanAsk } from "./ask.ts";
import { type DatabaseThread, startThread } from "./database-thread.ts";
import { dataFileName } from "./keys.ts";
import { type Pair, packUnsealed, transferable, unpack } from "./pairs.ts";

/** Where and how a database is kept. */
export interface DatabaseOptions {
  /** Its own; made if missing. Nobody else may use it: see `openDirectory`. */
  readonly directory: string;
  readonly mapBytes?: number;
  /** Starts what has the database. Default: a thread of this process. */
  readonly start?: () => DatabaseThread;
}

/** What to change in one transaction: removals first. */
export interface Changes {
  readonly puts?: readonly Pair[];
  readonly removes?: readonly RemoveRange[];
}

/** Values under keys, each with a checksum that is made and checked on the way. */
export interface Database {
  /** The file that holds everything. */
  readonly path: string;
  readonly stats: EngineStats;
  /**
   * All of it or nothing; durable once resolved, with how many keys were removed. Rejects with `DiskFullError` having
   * stored nothing; after any other rejection what is stored is unknown, and nothing more is done.
   */
  commit(changes: Changes): Promise<number>;
  /** Values in the order of their keys. Rejects with `CorruptionError` for one that is not what was stored. */
  scan(range: Omit<ScanAsk, "kind">): Promise<readonly Pair[]>;
  /** After all that was asked for is answered. */
  close(): Promise<void>;
}

/**
 * Opens an LMDB database in a thread of its own: neither a slow disk nor a page that is not in memory keeps this one.
 *
 * Its file is checked first, page by page. Throws `MissingPackageError`, `CorruptionError`, `DiskFullError`, and
 * `WrongDirectoryError` for a format of a later release.
 */
export async function openDatabase({ directory, mapBytes, start = startThread }: DatabaseOptions): Promise<Database> {
  const thread = start();
  try {
    const database = new ThreadDatabase(directory, thread);
    await database.open(mapBytes);
    return database;
  } catch (error) {
    await thread.end();
    throw error;
  }
}

class ThreadDatabase implements Database {
  readonly path: string;
  readonly #directory: string;
  readonly #thread: DatabaseThread;
  #stats: EngineStats = { bytes: 0, syncs: 0 };
  #failure: Error | undefined;
  #isClosed = false;

  constructor(directory: string, thread: DatabaseThread) {
    this.path = join(directory, dataFileName);
    this.#directory = directory;
    this.#thread = thread;
  }

  async open(mapBytes: number | undefined): Promise<void> {
    await this.#ask({ kind: "open", directory: this.#directory, mapBytes });
  }

  get stats(): EngineStats {
    return this.#stats;
  }

  async commit({ puts = [], removes = [] }: Changes): Promise<number> {
    const packed = packUnsealed(puts);
    return (await this.#ask({ kind: "commit", puts: packed, removes }, transferable(packed))).removed;
  }

  async scan(range: Omit<ScanAsk, "kind">): Promise<readonly Pair[]> {
    return unpack((await this.#ask({ kind: "scan", ...range })).found);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#thread.ask({ kind: "close" }, []).catch(() => undefined); // then there is nothing to close
    await this.#thread.end();
  }

  async #ask(ask: Ask, transfer: ArrayBuffer[] = []): Promise<Extract<Answer, { kind: "done" }>> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed) throw new ClosedError("not-applied");
    const answer = await this.#thread.ask(ask, transfer).catch((cause) => this.#fail(cause));
    if (answer.kind === "done") {
      this.#stats = answer.stats;
      return answer;
    }
    const error = this.#errorOf(answer.fault);
    if (ask.kind === "commit" && !(error instanceof DiskFullError)) this.#fail(error);
    throw error;
  }

  #fail(cause: unknown): never {
    const isKnown = cause instanceof StorageFailedError;
    this.#failure = isKnown ? cause : new StorageFailedError(this.#directory, { cause });
    throw this.#failure;
  }

  #errorOf(fault: Fault): Error {
    switch (fault.kind) {
      case "corruption":
        return new CorruptionError(fault.file, fault.offset, fault.problem);
      case "wrong-directory":
        return new WrongDirectoryError(fault.directory, fault.problem);
      case "missing-package":
        return new MissingPackageError(fault.name, fault.problem);
      case "full":
        return new DiskFullError(this.#directory);
      case "failed":
        return new StorageFailedError(this.#directory, { cause: new Error(fault.problem) });
      default:
        return unreachable(fault);
    }
  }
}
