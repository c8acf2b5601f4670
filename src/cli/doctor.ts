import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { directoryVersion } from "../runtime/directory.ts";
import { lockDirectory } from "../runtime/directory-lock.ts";
import { DirectoryLockedError } from "../runtime/errors.ts";
import { dataDirectory, readClusterFile } from "./cluster/cluster-file.ts";
import { controlPath, isAnswered } from "./cluster/control.ts";
import { firstTaken, portSet } from "./cluster/ports.ts";
import { measureSyncRate } from "./disk.ts";
import { formatMs } from "./quantities.ts";
import { formatCount } from "./terminal.ts";

/** One finding: `warn` works and may disappoint, `fail` does not work. */
export interface Finding {
  readonly check: string;
  readonly verdict: "ok" | "warn" | "fail";
  readonly detail: string;
}

/** What `node.json` says, if it is sound. */
type Identity = Readonly<Record<"version" | "nodeId" | "clusterId" | "storage", unknown>>;

const diskMeasureMs = 500;
const clockMeasureMs = 400;
/** A slower disk makes every single write slower than a person likes to wait for. */
const syncsGood = 200;
/** No disk with its cache off is faster: such a directory lies in memory, or its disk lies. */
const syncsTooGood = 100_000;
const stepMsMax = 20;
const lateMsMax = 100;

/** Looks at everything a node in `directory` (a node's or a local cluster's) depends on; takes about a second. */
export async function examine(directory: string): Promise<Finding[]> {
  const clock = await examineClock();
  return [
    examineNode(),
    await examineDisk(directory),
    await examinePorts(directory),
    clock,
    ...(await examineData(directory)),
  ];
}

function examineNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  const detail = `Node ${process.versions.node}${good ? "" : ", needs 20.19 or newer"}`;
  return { check: "node", verdict: good ? "ok" : "fail", detail };
}

async function examineDisk(directory: string): Promise<Finding> {
  const place = nearestExisting(directory);
  try {
    const { perSecond, medianMs, worstMs } = await measureSyncRate(place, diskMeasureMs);
    const rate = `${formatCount(perSecond)} fsyncs a second in ${place}, median ${medianMs.toFixed(2)} ms, worst ${worstMs.toFixed(1)} ms`;
    if (perSecond < syncsGood) return { check: "disk", verdict: "warn", detail: `${rate}: every write waits for this` };
    if (perSecond < syncsTooGood) return { check: "disk", verdict: "ok", detail: rate };
    return { check: "disk", verdict: "warn", detail: `${rate}: nothing is really synced; a power cut would lose data` };
  } catch (error) {
    return { check: "disk", verdict: "fail", detail: (error as Error).message };
  }
}

async function examinePorts(directory: string): Promise<Finding> {
  const cluster = existsSync(directory) ? readClusterFile(directory) : undefined;
  const nodes = cluster?.nodes ?? portSet(3, undefined, 0);
  const list = nodes.map(({ http, peer }) => `${http} and ${peer}`).join(", ");
  if (cluster !== undefined && (await isAnswered(controlPath(directory)))) {
    return { check: "ports", verdict: "ok", detail: `${list}: in use by the cluster that runs here` };
  }
  const taken = await firstTaken(nodes.flatMap(({ http, peer }) => [http, peer]));
  if (taken === undefined) return { check: "ports", verdict: "ok", detail: `${list} are free` };
  return {
    check: "ports",
    verdict: "warn",
    detail: `${taken} is taken; \`cluster up\` moves the whole set, \`serve\` needs --port`,
  };
}

/** Compares the wall clock with the monotonic one, and sees how late timers are on this machine. */
async function examineClock(): Promise<Finding> {
  const wall = Date.now();
  const start = performance.now();
  let lateMs = 0;
  let last = start;
  while (last - start < clockMeasureMs) {
    await sleep(10);
    const now = performance.now();
    if (now < last) return { check: "clock", verdict: "fail", detail: "the monotonic clock went back" };
    lateMs = Math.max(lateMs, now - last - 10);
    last = now;
  }
  const stepMs = Math.abs(Date.now() - wall - (last - start));
  const detail = `wall and monotonic clock differ by ${stepMs.toFixed(1)} ms in ${formatMs(last - start)}, timers are at most ${formatMs(lateMs)} late`;
  const verdict = stepMs > stepMsMax || lateMs > lateMsMax ? "warn" : "ok";
  return { check: "clock", verdict, detail };
}

function examineData(directory: string): Promise<Finding[]> {
  const cluster = existsSync(directory) ? readClusterFile(directory) : undefined;
  const nodes = cluster?.nodes.map(({ id }) => ({ check: `data ${id}`, path: dataDirectory(directory, id) }));
  return Promise.all(
    (nodes ?? [{ check: "data", path: directory }]).map(({ check, path }) => examineDirectory(check, path)),
  );
}

async function examineDirectory(check: string, directory: string): Promise<Finding> {
  const place = nearestExisting(directory);
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    return { check, verdict: "fail", detail: `${place} cannot be written: ${(error as Error).message}` };
  }
  if (place !== resolve(directory))
    return { check, verdict: "ok", detail: `${directory} is not there yet, and can be made` };
  const path = join(directory, "node.json");
  if (!existsSync(path)) return { check, verdict: "ok", detail: `${directory} is writable, and holds no node` };
  try {
    const { version, nodeId, clusterId, storage = "wal" } = JSON.parse(readFileSync(path, "utf8")) as Identity;
    const known = typeof version === "number" && version <= directoryVersion;
    const format = `format ${version}${known ? "" : ` (this release reads up to ${directoryVersion})`}`;
    const whose = `node ${nodeId} of cluster ${clusterId}, in ${storage}, ${format}`;
    const detail = `${whose}; ${await describeLock(directory)}`;
    return { check, verdict: known ? "ok" : "warn", detail };
  } catch (error) {
    return { check, verdict: "fail", detail: `${path} is damaged: ${(error as Error).message}` };
  }
}

/** Takes the lock for a moment: the one test that cannot be wrong. */
async function describeLock(directory: string): Promise<string> {
  try {
    const release = await lockDirectory(directory, join(directory, "lock"));
    await release();
    return "not in use";
  } catch (error) {
    if (error instanceof DirectoryLockedError) return error.message.split(";")[0] ?? "in use";
    throw error;
  }
}

function nearestExisting(directory: string): string {
  let place = resolve(directory);
  while (!existsSync(place)) place = dirname(place);
  return place;
}
