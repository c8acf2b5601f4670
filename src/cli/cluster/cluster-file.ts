import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "@badrap/valita";
import { isNodeId } from "../../base/ids.ts";
import type { LogProtocolName } from "../../runtime/protocols/kinds.ts";
import type { TransportKind } from "../../runtime/transport-kinds.ts";
import { firstComplaint } from "../../services/complaint.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { type NodePorts, nodesMax } from "./ports.ts";

const nodeName = v.string().assert((id) => /^n\d$/.test(id), "must be n and a digit");
const port = v.number().assert((port) => Number.isInteger(port) && port >= 1 && port <= 65_535, "must be a port");
const schema = v.object({
  version: v.literal(1),
  clusterId: v.string().assert(isNodeId, "must be a name"),
  nodes: v
    .array(v.object({ id: nodeName, http: port, peer: port }))
    .assert((nodes) => nodes.length >= 1 && nodes.length <= nodesMax, `must be 1 to ${nodesMax}`),
  tls: v.boolean().optional(),
  transport: v.union(v.literal("tcp"), v.literal("grpc"), v.literal("udp")).optional(),
  protocol: v.union(v.literal("raft"), v.literal("multi-paxos")).optional(),
  running: v.object({ pid: v.number(), control: v.string(), children: v.array(v.number()) }).optional(),
});

/** What `.quorate/cluster.json` says: which nodes live here, and who runs them at present. */
export interface ClusterFile {
  readonly version: 1;
  /** Keeps nodes of two local clusters apart, whatever ports they get. */
  readonly clusterId: string;
  readonly nodes: readonly NodePorts[];
  /** Whether everything is encrypted, with the certificates in `certificates`. */
  readonly tls?: boolean | undefined;
  /** How the nodes are linked; tcp if it is not said. */
  readonly transport?: TransportKind | undefined;
  /** What keeps the order; raft if it is not said. */
  readonly protocol?: LogProtocolName | undefined;
  /** Left behind by a supervisor that was killed: believe it only when `control` answers. */
  readonly running?: { readonly pid: number; readonly control: string; readonly children: number[] } | undefined;
}

/** The name of the file in a cluster's directory; its presence marks the directory as ours. */
const clusterFileName = "cluster.json";

/** Reads the file; undefined when there is none. A file that is not ours is an error. */
export function readClusterFile(directory: string): ClusterFile | undefined {
  const path = join(directory, clusterFileName);
  if (!existsSync(path)) return undefined;
  try {
    const checked = schema.try(JSON.parse(readFileSync(path, "utf8")), { mode: "strip" });
    if (checked.ok) return checked.value;
    const { place, problem } = firstComplaint(checked, "the content");
    throw new Error(`${place} ${problem}`);
  } catch (error) {
    const message = `${path} is not a file of this release (${(error as Error).message}); use another --dir, or move it away`;
    throw new CommandFailure(exitCode.usage, message, { cause: error });
  }
}

/** Replaces the file as a whole. */
export function writeClusterFile(directory: string, content: ClusterFile): void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, clusterFileName);
  writeFileSync(`${path}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Where a node of a local cluster serves. */
export function urlOf(port: number, tls: boolean | undefined): string {
  return `${tls ? "https" : "http"}://127.0.0.1:${port}`;
}

/** Where a node keeps its data. */
export function dataDirectory(directory: string, id: string): string {
  return join(directory, id);
}

/** Where the certificates of a cluster lie that was begun with them. */
export function certificatesDirectory(directory: string): string {
  return join(directory, "certificates");
}

/** The full log of a node. */
export function logFile(directory: string, id: string): string {
  return join(directory, "logs", `${id}.log`);
}

/** What the directories of a cluster may hold; anything else is somebody else's. */
const dataNames = /^(node\.json|lock|wal|snapshots|lmdb|converting)(\..*)?$/;
const logNames = /^n\d\.log(\.1)?$/;
const certificateNames = /^[\w-]+\.pem$/;

/**
 * Deletes a cluster's data, logs and file, and the directory if nothing else is in it.
 *
 * Refuses, having deleted nothing, when a directory of ours holds what no node put there.
 */
export function wipe(directory: string): void {
  const file = readClusterFile(directory);
  if (file === undefined) {
    if (!existsSync(directory)) return;
    throw new CommandFailure(
      exitCode.usage,
      `${directory} holds no cluster (no ${clusterFileName}); nothing was deleted`,
    );
  }
  const ours = [
    { path: join(directory, "logs"), names: logNames },
    { path: certificatesDirectory(directory), names: certificateNames },
    ...file.nodes.map(({ id }) => ({ path: dataDirectory(directory, id), names: dataNames })),
  ].filter(({ path }) => existsSync(path));
  for (const { path, names } of ours) {
    const strange = readdirSync(path).find((name) => !names.test(name));
    if (strange === undefined) continue;
    throw new CommandFailure(exitCode.usage, `${join(path, strange)} is not ours; nothing was deleted`);
  }
  for (const { path } of ours) rmSync(path, { recursive: true });
  rmSync(join(directory, clusterFileName));
  if (readdirSync(directory).length === 0) rmdirSync(directory);
}
