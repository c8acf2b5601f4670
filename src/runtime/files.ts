import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Bytes } from "../base/bytes.ts";
import { OperatingError } from "../base/errors.ts";
import { InvariantViolation } from "../base/invariant.ts";
import { DiskFullError, StorageFailedError } from "./errors.ts";

/** An open file whose writes are durable once they have resolved. */
export interface OpenFile {
  readonly path: string;
  size(): Promise<number>;
  /** Fills `into` from byte `position` on; resolves with how many bytes there were before the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Durable once resolved. A rejected write may have left any part of `bytes` behind. */
  write(bytes: Bytes, position: number): Promise<void>;
  /** Cuts the file, durably. */
  truncate(length: number): Promise<void>;
  /** Makes durable what an earlier process may have left in the system's cache. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** `create` empties a file that exists; `update` needs one. */
export type FileMode = "read" | "update" | "create";

/** What storage needs of a file system: a port, so that tests can give it a small or failing disk. */
export interface Files {
  open(path: string, mode: FileMode): Promise<OpenFile>;
  /** The names in a directory, in no order. */
  list(directory: string): Promise<readonly string[]>;
  /** Durable once resolved, with all above it that had to be made. */
  makeDirectory(path: string): Promise<void>;
  /** Replaces `target`. Durable, like `remove` and a creation, after `syncDirectory`. */
  rename(source: string, target: string): Promise<void>;
  /** What does not exist counts as removed. */
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

/** Whether an error says that there is no room: the write may be tried again later. */
export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error);
  return error instanceof DiskFullError || code === "ENOSPC" || code === "EDQUOT";
}

/** The system's name of an error (`ENOENT`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/**
 * Says what a failure of the file system means: no room, or nothing known about what is durable. Our own errors stay as
 * they are.
 */
export function storageError(cause: unknown, where: string): Error {
  if (cause instanceof OperatingError || cause instanceof InvariantViolation) return cause;
  return isDiskFull(cause) ? new DiskFullError(where, { cause }) : new StorageFailedError(where, { cause });
}

// On Linux one call with O_DSYNC does the work of two: measured 0.14 ms against 0.19 to 0.22 for write + fdatasync.
// macOS flushes the drive's cache only in fsync, and Windows has no such flag.
const writeThrough = process.platform === "linux" ? constants.O_DSYNC : 0;

const flags: Record<FileMode, number> = {
  read: constants.O_RDONLY,
  update: constants.O_RDWR | writeThrough,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | writeThrough,
};

class SystemFile implements OpenFile {
  readonly path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let count = 0;
    while (count < into.length) {
      const { bytesRead } = await this.#handle.read(into, count, into.length - count, position + count);
      if (bytesRead === 0) break;
      count += bytesRead;
    }
    return count;
  }

  async write(bytes: Bytes, position: number): Promise<void> {
    let count = 0;
    while (count < bytes.length) {
      count += (await this.#handle.write(bytes, count, bytes.length - count, position + count)).bytesWritten;
    }
    if (writeThrough === 0) await this.#handle.datasync();
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length);
    await this.#handle.sync();
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The file system of this machine. */
export const systemFiles: Files = {
  open: async (path, mode) => new SystemFile(path, await open(path, flags[mode], 0o600)),
  list: (directory) => readdir(directory),
  makeDirectory,
  rename,
  remove: (path) => rm(path, { force: true }),
  syncDirectory,
};

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return; // directories cannot be opened there; NTFS journals their changes
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a small file, whole or not at all, also through a crash. Durable once resolved. */
export async function replaceFile(file: string, content: Bytes | string): Promise<void> {
  const unfinished = `${file}.unfinished`;
  const handle = await open(unfinished, "w", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
  await syncDirectory(dirname(file));
}

async function makeDirectory(path: string): Promise<void> {
  // Also synced if an earlier process made it and died.
  const firstMade = resolve((await mkdir(path, { recursive: true })) ?? path);
  for (let made = resolve(path); ; made = dirname(made)) {
    try {
      await syncDirectory(dirname(made));
    } catch (error) {
      if (errorCode(error) !== "EACCES") throw error; // a parent that we may not read, so made by someone else
    }
    if (made === firstMade || made === dirname(made)) return;
  }
}
