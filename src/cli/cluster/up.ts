import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { readIdentity } from "../../runtime/directory.ts";
import type { LogProtocolName } from "../../runtime/protocols/kinds.ts";
import { WrongProtocolError, WrongStorageError } from "../../runtime/storages/errors.ts";
import { type TransportKind, transportKinds } from "../../runtime/transport-kinds.ts";
import { makeCertificates } from "../certificates/files.ts";
import { measureSyncRate } from "../disk.ts";
import { CommandFailure, type ExitCode, exitCode } from "../exit.ts";
import { awaitOrphans } from "../orphans.ts";
import { note } from "../terminal.ts";
import { type ClusterFile, certificatesDirectory, dataDirectory, readClusterFile, urlOf } from "./cluster-file.ts";
import { controlPath, isAnswered, serveControl } from "./control.ts";
import { choosePorts, firstTaken } from "./ports.ts";
import { Run, type RunOptions } from "./run.ts";

/** What `cluster up` was asked for. */
export interface UpOptions extends RunOptions {
  /** Default: as many as the directory holds already, or 3. */
  readonly nodes: number | undefined;
  readonly portBase: number | undefined;
  readonly strictPorts: boolean;
  /** A cluster that was begun with certificates goes on with them. */
  readonly tls: boolean;
  /** Default: the same as the last time, or tcp. */
  readonly transport: string | undefined;
  /** Default: what the directory holds already, or raft. */
  readonly protocol: LogProtocolName | undefined;
}

const diskMeasureMs = 150;
const certificateDays = 3650;

/** Runs a local cluster until it is told to stop; resolves with the exit code. */
export async function up(asked: UpOptions): Promise<ExitCode> {
  const startedAt = performance.now();
  const directory = resolve(asked.directory);
  const options = { ...asked, directory };
  mkdirSync(join(directory, "logs"), { recursive: true });
  const control = controlPath(directory);
  await refuseSecond(control, options);
  const layout = await layOut(options);
  await refuseOther(options, layout);
  if (layout.tls) {
    const ids = layout.nodes.map(({ id }) => id);
    makeCertificates(certificatesDirectory(directory), { ids, names: [], days: certificateDays, renew: false });
  }
  const resumed = layout.nodes.some(({ id }) => existsSync(dataDirectory(directory, id)));
  const disk = await measureSyncRate(directory, diskMeasureMs);
  const run = new Run(options, layout, { startedAt, resumed, disk, control });
  const server = await serveControl(control, (request) => run.answer(request));
  try {
    run.start();
    await run.ended;
  } finally {
    server.close();
  }
  return exitCode.yes;
}

async function refuseSecond(control: string, { directory, program }: UpOptions): Promise<void> {
  if (!(await isAnswered(control))) return;
  const file = readClusterFile(directory);
  const urls = file?.nodes.map(({ http }) => urlOf(http, file.tls)).join(" ");
  const text = `${directory} has a running cluster already (pid ${file?.running?.pid}): ${urls}\n  see it: ${program} cluster status`;
  throw new CommandFailure(exitCode.failed, text);
}

/** Each node would refuse it by itself, in its log. */
async function refuseOther(
  { directory, storage }: UpOptions,
  { nodes, protocol = "raft" }: ClusterFile,
): Promise<void> {
  for (const { id } of nodes) {
    const path = dataDirectory(directory, id);
    const stored = await readIdentity(path);
    if (stored === undefined) continue;
    if (stored.storage !== (storage ?? stored.storage))
      throw new WrongStorageError(path, stored.storage, storage ?? "");
    if (stored.protocol !== protocol) throw new WrongProtocolError(path, stored.protocol, protocol);
  }
  if (storage !== "memory") return;
  note("the nodes keep everything in memory: one that restarts has forgotten its entries and its vote: for tests only");
}

/** The nodes and their ports: as they were when they are free, since members remember each other's addresses. */
async function layOut({
  directory,
  nodes: count,
  portBase,
  strictPorts,
  tls,
  transport,
  protocol: asked,
  program,
}: UpOptions): Promise<ClusterFile> {
  const file = readClusterFile(directory);
  if (file !== undefined && tls && !file.tls) {
    const advice = `begin anew with --tls: ${program} cluster down --wipe`;
    throw new CommandFailure(exitCode.usage, `${directory} holds a cluster without certificates; ${advice}`);
  }
  const protocol = asked ?? file?.protocol;
  const secured = {
    ...(tls || file?.tls === true ? { tls: true } : {}),
    ...linkedBy(transport ?? file?.transport),
    ...(protocol && { protocol }),
  };
  if (file?.running !== undefined && !(await awaitOrphans(file.running.children))) {
    throw new CommandFailure(
      exitCode.failed,
      `processes of an earlier cluster do not end: ${file.running.children.join(", ")}`,
    );
  }
  const before = file?.nodes;
  if (before !== undefined && count !== undefined && count !== before.length) {
    const advice = `leave --nodes out, or begin anew: ${program} cluster down --wipe`;
    throw new CommandFailure(
      exitCode.usage,
      `${directory} holds a cluster of ${before.length} nodes, not ${count}; ${advice}`,
    );
  }
  const clusterId = file?.clusterId ?? `local-${randomBytes(6).toString("hex")}`;
  const taken = before && (await firstTaken(before.flatMap(({ http, peer }) => [http, peer])));
  if (before !== undefined && taken === undefined && portBase === undefined)
    return { version: 1, clusterId, nodes: before, ...secured };
  if (taken !== undefined && strictPorts) throw new CommandFailure(exitCode.usage, `port ${taken} is taken`);
  const { nodes, moved } = await choosePorts(before?.length ?? count ?? 3, portBase, strictPorts);
  const cause = taken ?? moved;
  if (cause !== undefined)
    note(`port ${cause} is taken: all ports moved, HTTP is on ${nodes.map(({ http }) => http).join(", ")}`);
  return { version: 1, clusterId, nodes, ...secured };
}

function linkedBy(transport: string | undefined): { readonly transport?: TransportKind } {
  if (transport === undefined) return {};
  const kind = transportKinds.find((name) => name === transport);
  if (kind !== undefined) return { transport: kind };
  const known = transportKinds.join(", ");
  throw new CommandFailure(exitCode.usage, `--transport must be one of ${known}, not ${transport}`);
}
