import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { type BackupInfo, verifyBackup } from "../../runtime/backups/backup-file.ts";
import { readError } from "../client/client.ts";
import type { Servers } from "../client/endpoints.ts";
import { open, readText, type Trust } from "../client/http.ts";
import { CommandFailure, exitCode, isSystemError } from "../exit.ts";

/** Fetches a backup from the first node that gives one, checks it, and only then puts it in its place. */
export async function downloadBackup(
  { endpoints, trust }: Servers,
  file: string,
  signal: AbortSignal,
): Promise<BackupInfo> {
  if (existsSync(file)) throw new CommandFailure(exitCode.usage, `${file} exists already, and is not overwritten`);
  const unfinished = `${file}.unfinished`;
  const problems: string[] = [];
  try {
    for (const endpoint of endpoints) {
      const problem = await fetchInto(unfinished, endpoint, trust, signal);
      if (problem !== undefined) {
        problems.push(`\n  ${endpoint}: ${problem}`);
        continue;
      }
      const info = await verifyBackup(unfinished);
      await rename(unfinished, file);
      return info;
    }
  } finally {
    await rm(unfinished, { force: true });
  }
  throw new CommandFailure(exitCode.unavailable, `no node gave a backup:${problems.join("")}`);
}

/** Writes what the node sends, durably; or says why it could not. */
async function fetchInto(
  path: string,
  endpoint: string,
  trust: Trust,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const reply = await open(new URL("/snapshot", endpoint), { trust, signal });
    if (reply.status !== 200) {
      return `${reply.status} ${readError((await readText(reply, 1024 * 1024)).slice(0, 4096)).message}`;
    }
    const file = createWriteStream(path, { mode: 0o600, flush: true });
    await pipeline(reply.body, file, { signal });
    return undefined;
  } catch (error) {
    if (isSystemError(error)) throw error; // of the file: what the network does comes as another kind
    if (error instanceof Error) return error.message;
    throw error;
  }
}
