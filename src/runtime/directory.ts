import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "../base/ids.ts";
import { lockDirectory } from "./directory-lock.ts";
import { CorruptionError, WrongDirectoryError } from "./errors.ts";
import { errorCode, replaceFile, storageError } from "./files.ts";
import { isLogProtocol, type LogProtocolName } from "./protocols/kinds.ts";
import { WrongProtocolError, WrongStorageError } from "./storages/errors.ts";

/**
 * The newest format of `node.json`, and of the layout beside it, that this release reads. It writes the oldest that
 * says what is so: 1 for a write-ahead log, 2 for any other storage, 3 for any other protocol than Raft. So a release
 * that does not know one of those refuses the directory.
 */
export const directoryVersion = 3;

/** In what a data directory keeps log, votes and snapshots. */
export type StorageKind = "wal" | "lmdb";

/** Whose data a directory holds. */
export interface Identity {
  readonly nodeId: NodeId;
  readonly clusterId: string;
}

/** What `node.json` says. */
export interface StoredIdentity extends Identity {
  readonly storage: StorageKind;
  /** Whose records the log holds. */
  readonly protocol: LogProtocolName;
}

/** A node's data directory, held by this process alone until closed. */
export interface DataDirectory extends StoredIdentity {
  readonly path: string;
  /** Whether it held no node before. */
  readonly isNew: boolean;
  readonly walPath: string;
  readonly snapshotsPath: string;
  readonly lmdbPath: string;
  /** Gives it back; after everything in it is closed. */
  close(): Promise<void>;
}

/** What is asked of a data directory: by default what is stored, and in a new one `wal`, with the records of Raft. */
interface Asked extends Identity {
  readonly storage?: StorageKind | undefined;
  readonly protocol?: LogProtocolName | undefined;
}

/**
 * Takes a data directory for this process, making it if needed; a stored cluster id wins over the given one.
 *
 * Throws `DirectoryLockedError` while another process has it, `WrongDirectoryError` if it belongs to another node or a
 * later release, `WrongStorageError`, `WrongProtocolError`, `CorruptionError` if its `node.json` cannot be read,
 * `DiskFullError`.
 */
export async function openDirectory(
  path: string,
  { nodeId, clusterId, storage, protocol }: Asked,
): Promise<DataDirectory> {
  const release = await take(path);
  try {
    const stored = await readIdentity(path);
    if (stored !== undefined && stored.nodeId !== nodeId) {
      throw new WrongDirectoryError(path, `belongs to node ${stored.nodeId}, not to ${nodeId}`);
    }
    if (stored !== undefined && storage !== undefined && stored.storage !== storage) {
      throw new WrongStorageError(path, stored.storage, storage);
    }
    if (stored !== undefined && protocol !== undefined && stored.protocol !== protocol) {
      throw new WrongProtocolError(path, stored.protocol, protocol);
    }
    const identity = stored ?? { nodeId, clusterId, storage: storage ?? "wal", protocol: protocol ?? "raft" };
    if (stored === undefined) await writeIdentity(path, identity);
    return {
      path,
      ...identity,
      isNew: stored === undefined,
      ...pathsOf(path),
      close: release,
    };
  } catch (error) {
    await release();
    throw storageError(error, path);
  }
}

/** Takes the data directory of a node that exists, whosever it is. Throws as `openDirectory` does. */
export async function openExisting(path: string): Promise<DataDirectory> {
  const stored = await readIdentity(path);
  if (stored === undefined) throw new WrongDirectoryError(path, "holds no node");
  return await openDirectory(path, stored);
}

/** In what a directory keeps a node's data, if it holds a node. Takes no lock. Throws as `openDirectory` does. */
export async function storageOf(path: string): Promise<StorageKind | undefined> {
  return (await readIdentity(path))?.storage;
}

/** What keeps the order in a directory, by default that of a new one. Takes no lock. Throws as `openDirectory` does. */
export async function protocolOf(path: string | undefined): Promise<LogProtocolName> {
  return (path === undefined ? undefined : await readIdentity(path))?.protocol ?? "raft";
}

/** Where what a data directory keeps is, in whichever storage. */
export function pathsOf(path: string): Pick<DataDirectory, "walPath" | "snapshotsPath" | "lmdbPath"> {
  return { walPath: join(path, "wal"), snapshotsPath: join(path, "snapshots"), lmdbPath: join(path, "lmdb") };
}

async function take(path: string): Promise<() => Promise<void>> {
  try {
    return await lockDirectory(path, join(path, "lock"));
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ELOOP", "ENAMETOOLONG"].includes(code)) {
      throw new WrongDirectoryError(path, `cannot be used as a data directory (${code})`);
    }
    throw storageError(error, path);
  }
}

/** Whose data a directory holds, and how, if it holds a node. Takes no lock. Throws as `openDirectory` does. */
export async function readIdentity(path: string): Promise<StoredIdentity | undefined> {
  const file = join(path, "node.json");
  let found: unknown;
  try {
    found = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    if (cause instanceof SyntaxError) throw new CorruptionError(file, 0, "it is not JSON", { cause });
    throw cause;
  }
  const fields = (found ?? {}) as Record<string, unknown>;
  const { version, nodeId, clusterId, storage = "wal", protocol = "raft" } = fields;
  if (typeof version === "number" && version > directoryVersion) {
    const problem = `has format ${version}, and this release reads format ${directoryVersion}`;
    throw new WrongDirectoryError(path, problem);
  }
  if (![1, 2, 3].includes(version as number) || typeof nodeId !== "string" || typeof clusterId !== "string") {
    throw new CorruptionError(file, 0, "it names no version, nodeId and clusterId");
  }
  if (storage !== "wal" && storage !== "lmdb") {
    throw new WrongDirectoryError(path, `keeps its data in ${storage}, which this release does not know`);
  }
  if (typeof protocol !== "string" || !isLogProtocol(protocol)) {
    throw new WrongDirectoryError(path, `holds the log of ${protocol}, which this release does not know`);
  }
  return { nodeId, clusterId, storage, protocol };
}

/** Says whose directory this is, and what it keeps, and in what. Whole or not at all, also through a crash. */
export async function writeIdentity(path: string, identity: StoredIdentity): Promise<void> {
  const { nodeId, clusterId, storage, protocol } = identity;
  const version = protocol !== "raft" ? 3 : storage !== "wal" ? 2 : 1;
  const said = { version, nodeId, clusterId, ...(version > 1 && { storage }), ...(version > 2 && { protocol }) };
  await replaceFile(join(path, "node.json"), `${JSON.stringify(said, undefined, 2)}\n`);
}
