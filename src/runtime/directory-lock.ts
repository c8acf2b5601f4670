import { randomBytes } from "node:crypto";
import { open, readdir, readFile, readlink, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DirectoryLockedError } from "./errors.ts";
import { errorCode, systemFiles } from "./files.ts";

/**
 * Who claims a directory: enough to tell a live process from a dead one, its number used again, or a boot long past.
 */
interface Claim {
  readonly pid: number;
  /** When the process started, in the system's own ticks; "0" where that cannot be known. */
  readonly started: string;
  /** Which processes the number is valid among (Linux: the pid namespace, one a container); "0" elsewhere. */
  readonly namespace: string;
  /** Which boot of the machine; "0" where that cannot be known. */
  readonly boot: string;
  readonly host: string;
}

const attempts = 5;
const heartbeatsWatched = 4;

/**
 * Claims a directory for this process; resolves with the call that gives it back. Throws `DirectoryLockedError`.
 *
 * Each process puts a file of its own into the lock directory, its name saying who it is, and only then looks whether
 * another live one is there. Of two that start at once the later to look sees the other, so never do both stay; no file
 * is ever taken over, and removing one of a dead process disturbs nobody.
 *
 * On Linux a process proves itself by its start time in /proc, exactly. A claim from another container or machine, or
 * on a system without /proc, is believed while its file is touched, every `heartbeatMs`: such a starter waits four
 * times that to be sure, and a holder stopped for longer looks dead to it.
 */
export async function lockDirectory(
  path: string,
  lockPath: string,
  heartbeatMs: number = 1000,
): Promise<() => Promise<void>> {
  await systemFiles.makeDirectory(lockPath);
  const own = nameOf(await ownClaim());
  const file = join(lockPath, own);
  for (let attempt = 1; ; attempt++) {
    await (await open(file, "wx")).close();
    const heartbeat = setInterval(() => touch(file), heartbeatMs).unref();
    const release = async (): Promise<void> => {
      clearInterval(heartbeat);
      await rm(file, { force: true });
    };
    try {
      const holder = await liveHolder(lockPath, own, heartbeatMs);
      if (holder === undefined) return release;
      await release();
      if (attempt === attempts) throw new DirectoryLockedError(path, describe(holder));
    } catch (error) {
      await release();
      throw error;
    }
    await sleep(10 + 30 * Math.random()); // two that met go different ways
  }
}

/** Another live process with a claim, if any; removes the claims of dead ones. */
async function liveHolder(lockPath: string, own: string, heartbeatMs: number): Promise<Claim | undefined> {
  for (const name of await readdir(lockPath)) {
    const claim = name === own ? undefined : parseName(name);
    if (claim === undefined) continue;
    const file = join(lockPath, name);
    const verdict = await judge(claim);
    if (verdict === "alive" || (verdict === "unknown" && (await isTouched(file, heartbeatMs)))) return claim;
    await rm(file, { force: true });
  }
  return undefined;
}

async function judge(claim: Claim): Promise<"alive" | "dead" | "unknown"> {
  const own = await ownClaim();
  if (claim.host === own.host && claim.boot !== own.boot) return "dead"; // the machine was started anew since
  if (claim.boot === "0" || claim.boot !== own.boot) return claim.host === own.host ? probe(claim.pid) : "unknown";
  if (claim.namespace !== own.namespace) return "unknown";
  return claim.started === (await startOf(claim.pid)) ? "alive" : "dead";
}

/** Without start times, a live process with that number may be another one by now. */
function probe(pid: number): "alive" | "dead" | "unknown" {
  if (pid === process.pid) return "alive";
  try {
    process.kill(pid, 0);
    return "unknown";
  } catch (error) {
    return errorCode(error) === "ESRCH" ? "dead" : "unknown";
  }
}

async function isTouched(file: string, heartbeatMs: number): Promise<boolean> {
  const before = await touchedAt(file);
  for (let quarter = 0; quarter < 4 * heartbeatsWatched && before !== undefined; quarter++) {
    await sleep(heartbeatMs / 4);
    const now = await touchedAt(file);
    if (now !== before) return now !== undefined;
  }
  return false;
}

async function touchedAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined; // given back meanwhile
    throw error;
  }
}

function touch(file: string): void {
  const now = new Date();
  utimes(file, now, now).catch(() => {
    // A missed touch is made up for by the next one; a directory taken away is found out by whoever writes to it.
  });
}

async function ownClaim(): Promise<Claim> {
  return {
    pid: process.pid,
    started: (await startOf(process.pid)) ?? "0",
    namespace: (await linuxFact(() => readlink("/proc/self/ns/pid")))?.replace(/\D/g, "") || "0",
    boot:
      (await linuxFact(() => readFile("/proc/sys/kernel/random/boot_id", "latin1")))?.replace(/[^0-9a-f]/g, "") || "0",
    host: hostname().replace(/[^A-Za-z0-9-]/g, "-") || "-",
  };
}

/**
 * The start time of a running process (proc(5): field 22 of stat), `undefined` if there is none; a zombie does not run.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const line = await linuxFact(() => readFile(`/proc/${pid}/stat`, "latin1"));
  const fields = line?.slice(line.lastIndexOf(")") + 2).split(" ");
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

async function linuxFact(read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EINVAL") return undefined;
    throw error;
  }
}

function nameOf({ pid, started, namespace, boot, host }: Claim): string {
  return [pid, started, namespace, boot, host, randomBytes(6).toString("hex")].join(".");
}

function parseName(name: string): Claim | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.([0-9a-f]+)\.([A-Za-z0-9-]+)\.[0-9a-f]+$/.exec(name);
  if (match === null) return undefined;
  const [, pid = "", started = "", namespace = "", boot = "", host = ""] = match;
  return { pid: Number(pid), started, namespace, boot, host };
}

function describe({ pid, host }: Claim): string {
  return `process ${pid}${host === hostname().replace(/[^A-Za-z0-9-]/g, "-") ? "" : ` on ${host}`}`;
}
