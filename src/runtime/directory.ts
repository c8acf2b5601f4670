import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "../base/ids.ts";
import { lockDirectory } from "./directory-lock.ts";
import { CorruptionError, WrongDirectoryError } from "./errors.ts";
import { errorCode, replaceFile, storageError } from "./files.ts";

/** The format of `node.json` and of the layout beside it that this release writes and reads. */
export const directoryVersion = 1;

/** Whose data a directory holds. */
export interface Identity {
  readonly nodeId: NodeId;
  readonly clusterId: string;
}

/** A node's data directory, held by this process alone until closed. */
export interface DataDirectory extends Identity {
  readonly path: string;
  /** Whether it held no node before. */
  readonly isNew: boolean;
  readonly walPath: string;
  readonly snapshotsPath: string;
  /** Gives it back; after everything in it is closed. */
  close(): Promise<void>;
}

/**
 * Takes a data directory for this process, making it if needed; a stored cluster id wins over the given one.
 *
 * Throws `DirectoryLockedError` while another process has it, `WrongDirectoryError` if it belongs to another node or a
 * later release, `CorruptionError` if its `node.json` cannot be read, `DiskFullError`.
 */
export async function openDirectory(path: string, identity: Identity): Promise<DataDirectory> {
  const release = await take(path);
  try {
    const stored = await readIdentity(path);
    if (stored !== undefined && stored.nodeId !== identity.nodeId) {
      throw new WrongDirectoryError(path, `belongs to node ${stored.nodeId}, not to ${identity.nodeId}`);
    }
    if (stored === undefined) await writeIdentity(path, identity);
    return {
      path,
      nodeId: identity.nodeId,
      clusterId: stored?.clusterId ?? identity.clusterId,
      isNew: stored === undefined,
      walPath: join(path, "wal"),
      snapshotsPath: join(path, "snapshots"),
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

async function readIdentity(path: string): Promise<Identity | undefined> {
  const file = join(path, "node.json");
  let found: unknown;
  try {
    found = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    if (cause instanceof SyntaxError) throw new CorruptionError(file, 0, "it is not JSON", { cause });
    throw cause;
  }
  const { version, nodeId, clusterId } = (found ?? {}) as Record<string, unknown>;
  if (typeof version === "number" && version > directoryVersion) {
    const problem = `has format ${version}, and this release reads format ${directoryVersion}`;
    throw new WrongDirectoryError(path, problem);
  }
  if (version !== directoryVersion || typeof nodeId !== "string" || typeof clusterId !== "string") {
    throw new CorruptionError(file, 0, "it names no version, nodeId and clusterId");
  }
  return { nodeId, clusterId };
}

/** Says whose directory this is. Whole or not at all, also through a crash. */
export async function writeIdentity(path: string, { nodeId, clusterId }: Identity): Promise<void> {
  const content = { version: directoryVersion, nodeId, clusterId };
  await replaceFile(join(path, "node.json"), `${JSON.stringify(content, undefined, 2)}\n`);
}
