import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { constants, endianness } from "node:os";
import { dirname, join } from "node:path";
import type { RootDatabase, RootDatabaseOptions } from "lmdb";
import { type Bytes, ByteWriter, isSameBytes } from "../../base/bytes.ts";
import { OperatingError } from "../../base/errors.ts";
import { CorruptionError, DiskFullError, StorageFailedError } from "../errors.ts";
import { storageError, systemFiles } from "../files.ts";
import { MissingPackageError } from "../storages/errors.ts";
import type { CommitAsk, EngineStats, RemoveRange, ScanAsk } from "./ask.ts";
import { checkDatabase } from "./file-database.ts";
import { databaseVersion, dataFileName, formatKey } from "./keys.ts";
import { DatabaseFile } from "./pages.ts";
import { type Pair, pack, unpack } from "./pairs.ts";
import { Room } from "./room.ts";
import { seal, sealBytes, unseal } from "./seal.ts";

const pageBytes = 4096; // whatever machine makes it
const mapBytesDefault = 256 * 2 ** 20; // addresses, not memory; LMDB takes more when it needs more
const unbounded = Number.POSITIVE_INFINITY;
const pagesForTrees = 64; // most that one transaction takes besides what it stores, in a small database

/** What LMDB says when the disk is full: the system's numbers, and Windows' own. */
const fullCodes: readonly unknown[] = [constants.errno.ENOSPC, constants.errno.EDQUOT, 112];

type Lmdb = typeof import("lmdb");
type Store = RootDatabase<Bytes, Bytes>;

/** What an engine is opened with. */
export interface EngineOptions {
  /** The database's own; made if missing. */
  readonly directory: string;
  readonly mapBytes?: number | undefined;
}

/**
 * One LMDB database, used from one thread: what it does, it has done when it returns.
 *
 * A commit is durable on return. `overlappingSync`, which the package has on by default, shows a transaction before it
 * is synced, and goes on from it after a crash of the process. Without it a commit is what LMDB is known for: its pages
 * are written and synced, and then one of the two meta pages, through to the disk.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #lmdb: Lmdb;
  readonly #path: string;
  readonly #room: Room;
  #store: Store;
  #transaction: number;
  #syncs = 0;

  private constructor(options: EngineOptions, lmdb: Lmdb, room: Room) {
    this.#options = options;
    this.#lmdb = lmdb;
    this.#path = join(options.directory, dataFileName);
    this.#room = room;
    this.#store = openStore(lmdb, options);
    this.#transaction = statsOf(this.#store).lastTxnId;
  }

  /**
   * Checks the database, page by page, and opens it; nobody else may use it. Throws `MissingPackageError`,
   * `CorruptionError`, `DiskFullError`, and `WrongDirectoryError` for a format of a later release.
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const lmdb = await loadLmdb();
    const { directory } = options;
    try {
      await systemFiles.makeDirectory(dirname(directory));
      if (!existsSync(directory)) await make(lmdb, directory);
      await systemFiles.syncDirectory(dirname(directory)); // a process killed while it made it may not have come to it
      checkDatabase(directory);
      const room = new Room(join(directory, dataFileName), pageBytes);
      try {
        room.sync(); // a process killed in the middle of a commit leaves it in the system's cache, and visible
        return new Engine(options, lmdb, room);
      } catch (error) {
        room.close();
        throw error;
      }
    } catch (error) {
      throw failure(error, directory);
    }
  }

  get stats(): EngineStats {
    return { bytes: this.#room.fileBytes, syncs: this.#syncs };
  }

  /**
   * All of it or nothing, durable on return; says how many keys were removed. Throws `DiskFullError` having stored
   * nothing.
   */
  commit({ puts, removes }: CommitAsk): number {
    const pairs = unpack(puts);
    const keys = removes.flatMap((range) => this.#keysOf(range));
    if (pairs.length === 0 && keys.length === 0) return 0;
    for (const { key, value } of pairs) seal(key, value);
    this.#reserve(pairs, keys.length);
    try {
      this.#store.transactionSync(() => {
        for (const key of keys) this.#store.removeSync(key);
        for (const { key, value } of pairs) this.#store.putSync(key, value);
      });
      if (process.platform === "darwin") this.#room.sync(); // the flag for writing through stops at the drive's cache
    } catch (cause) {
      throw this.#settle(cause);
    }
    this.#transaction++;
    this.#syncs += 2;
    return keys.length;
  }

  /** Throws `CorruptionError` for a value that is not what was stored. */
  scan({ from, before, floor = false, countMax = unbounded, bytesMax = unbounded }: ScanAsk): Uint8Array {
    const pairs: Pair[] = [];
    let bytes = 0;
    const start = floor ? (this.#lastKeyUpTo(from) ?? from) : from;
    for (const { key, value: sealed } of this.#store.getRange({ start, end: before })) {
      const value = unseal(key, sealed);
      if (value === undefined) throw this.#damaged(key);
      pairs.push({ key, value });
      bytes += value.length;
      if (pairs.length >= countMax || bytes >= bytesMax) break;
    }
    return pack(pairs);
  }

  async close(): Promise<void> {
    await this.#store.close();
    this.#room.close();
  }

  #keysOf({ from, before, countMax }: RemoveRange): readonly Bytes[] {
    const limit = countMax === undefined ? {} : { limit: countMax };
    return [...this.#store.getKeys({ start: from, end: before, ...limit })];
  }

  #lastKeyUpTo(key: Bytes): Bytes | undefined {
    for (const found of this.#store.getKeys({ start: key, reverse: true, limit: 1 })) return found;
    return undefined;
  }

  /**
   * Room for what a transaction writes if it finds no page free: its values, with a page on the way to each, and what
   * the trees take. What stores leaves enough for another that only removes, which is what makes pages free.
   */
  #reserve(pairs: readonly Pair[], removed: number): void {
    const values = pairs.reduce((sum, { value }) => sum + 1 + Math.ceil((value.length + 64) / pageBytes), 0);
    const trees = pagesForTrees + Math.ceil(this.#room.fileBytes / pageBytes / 1024);
    const pages = values + trees + Math.ceil(removed / 8);
    try {
      this.#room.reserve(pages, pairs.length === 0 ? 0 : 2 * trees, () => statsOf(this.#store).lastPageNumber);
    } catch (error) {
      throw failure(error, this.#options.directory);
    }
  }

  /** What to throw for a transaction that failed; a full disk only if certainly nothing of it was stored. */
  #settle(cause: unknown): Error {
    const error = failure(cause, this.#options.directory);
    if (!(error instanceof DiskFullError)) return error;
    try {
      void this.#store.close(); // at once, as nothing is under way
      this.#store = openStore(this.#lmdb, this.#options); // LMDB refuses all after a failure to write a meta page
      if (statsOf(this.#store).lastTxnId === this.#transaction) return error;
    } catch (problem) {
      return new StorageFailedError(this.#options.directory, { cause: problem });
    }
    return new StorageFailedError(this.#options.directory, { cause });
  }

  /** Says where the value is that does not fit its checksum. */
  #damaged(key: Bytes): Error {
    const file = DatabaseFile.open(this.#path);
    try {
      for (const value of file.values()) {
        if (isSameBytes(value.key, key))
          return new CorruptionError(this.#path, value.offset, "its checksum does not fit");
      }
      return new CorruptionError(this.#path, 0, "a value does not fit its checksum, and is not there");
    } catch (error) {
      return failure(error, this.#path);
    } finally {
      file.close();
    }
  }
}

async function loadLmdb(): Promise<Lmdb> {
  if (!process.arch.endsWith("64") || endianness() !== "LE") {
    throw new MissingPackageError(
      "lmdb",
      `is for machines of 64 bits, little end first, here (this is ${process.arch})`,
    );
  }
  try {
    return await import("lmdb");
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
    const problem = isAbsent ? "is not installed" : `cannot be loaded (${(cause as Error).message})`;
    throw new MissingPackageError("lmdb", problem, { cause });
  }
}

function openStore({ open }: Lmdb, { directory, mapBytes = mapBytesDefault }: EngineOptions): Store {
  const options: RootDatabaseOptions & { readonly permissionsMode: number } = {
    noSubdir: false,
    keyEncoding: "binary",
    encoding: "binary",
    overlappingSync: false,
    pageSize: pageBytes,
    mapSize: mapBytes,
    maxReaders: 8,
    permissionsMode: 0o600, // which the package's types leave out
  };
  return open<Bytes, Bytes>(directory, options);
}

/** What LMDB says of its file; the package's types leave it open. */
function statsOf(store: Store): { readonly lastTxnId: number; readonly lastPageNumber: number } {
  return store.getStats() as { lastTxnId: number; lastPageNumber: number };
}

/** Makes a database that holds nothing but its format: durable under its name only when complete. */
async function make(lmdb: Lmdb, directory: string): Promise<void> {
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  const store = openStore(lmdb, { directory: unfinished });
  try {
    const value = new ByteWriter().raw(new Uint8Array(sealBytes)).varint(databaseVersion).finish() as Uint8Array;
    seal(formatKey, value);
    store.transactionSync(() => store.putSync(formatKey, value));
  } finally {
    await store.close();
  }
  await systemFiles.syncDirectory(unfinished);
  await rename(unfinished, directory);
  await systemFiles.syncDirectory(dirname(directory));
}

/** LMDB's own errors have the system's number for a code, where Node's have a name. */
function failure(cause: unknown, where: string): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (!(cause instanceof OperatingError) && fullCodes.includes(code)) return new DiskFullError(where, { cause });
  return storageError(cause, where);
}
