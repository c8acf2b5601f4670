import { join } from "node:path";
import { invariant } from "../../base/invariant.ts";
import { messageBytesMax } from "../../protocols/message-frame.ts";
import { messageBytesMax as groupMessageBytesMax } from "../../protocols/total-order/index.ts";
import { protocolOf, storageOf } from "../../runtime/directory.ts";
import { openNode } from "../../runtime/open-node.ts";
import type { NodeOptions } from "../../runtime/options.ts";
import { WrongStorageError } from "../../runtime/storages/errors.ts";
import type { TlsFiles } from "../../runtime/tls/credentials.ts";
import { makeTransport } from "../../runtime/transport-kinds.ts";
import { type FaultRule, withFaults } from "../../runtime/transports/faults.ts";
import type { Notice } from "../../runtime/transports/notices.ts";
import { type ObjectsNode, objects } from "../../services/objects.ts";
import { startHttp } from "../../services/server.ts";
import { peerTlsOf, type ServeSettings, splitAddress } from "../settings.ts";
import type { Log } from "./log.ts";

/** A node that serves. */
export interface Server {
  readonly url: string;
  readonly node: ObjectsNode;
  /** Takes no more requests, finishes those in flight, flushes and closes. */
  close(): Promise<void>;
}

/** What a supervisor may change while the node runs. */
export interface FaultSource {
  /** Calls back with the present faults, then with each change. */
  subscribe(apply: (rules: readonly FaultRule[]) => void): void;
}

/** Puts a node together: links, storage and machines, and HTTP in front. `faults` only under `quorate cluster`. */
export async function startServer(settings: ServeSettings, log: Log, faults: FaultSource | undefined): Promise<Server> {
  const notice: Notice = (level, text, facts) => log[level](facts, text);
  if (settings.storage === "memory") await refuseToForget(settings["data-dir"]);
  const isLeaderless = settings.protocol === "total-order";
  const frameBytesMax = isLeaderless ? groupMessageBytesMax : messageBytesMax;
  const protocol = isLeaderless ? undefined : (settings.protocol ?? (await protocolOf(dataDirectory(settings))));
  const place = { listen: listenAddress(settings), tls: peerTlsOf(settings), notice };
  const links = makeTransport(settings.transport, frameBytesMax, { ...place, protocol });
  const disturbed = faults && withFaults(links);
  if (disturbed) faults.subscribe((rules) => disturbed.setFaults(rules));
  const node = await openNode({ ...nodeOptions(settings), transport: disturbed ?? links, notice, machine: objects });
  try {
    const { host, port, insecure, names = [], "request-bytes-max": bytesMax } = settings;
    const bound = bytesMax === undefined ? {} : { bodyBytesMax: bytesMax };
    const http = await startHttp({ node, host, port, insecure, names, tls: httpTls(settings), log, notice, ...bound });
    const close = async (): Promise<void> => {
      await http.close();
      await node.close();
    };
    return { url: http.url, node, close };
  } catch (error) {
    await node.close();
    throw error;
  }
}

/** The settings that a node takes as they are; what was not given is left to its defaults. */
function nodeOptions(settings: ServeSettings): NodeOptions {
  const given = {
    clusterId: settings["cluster-id"],
    listen: settings.listen,
    tickMs: settings["tick-ms"],
    electionTicks: settings["election-ticks"],
    heartbeatTicks: settings["heartbeat-ticks"],
    timeoutMs: settings["timeout-ms"],
    requestBytesMax: settings["request-bytes-max"],
    snapshotEveryBytes: settings["snapshot-every-bytes"],
    protocolVersionMax: settings["protocol-version-max"],
    storage: settings.storage,
    dataDir: dataDirectory(settings),
    protocol: settings.protocol,
  };
  return {
    id: settings.id,
    members: Object.fromEntries(settings.cluster.map(({ id, address }) => [id, address])),
    newGroup: settings["new-group"],
    join: settings.join,
    leases: settings.leases,
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<NodeOptions>),
  };
}

function dataDirectory({ protocol, storage, "data-dir": path }: ServeSettings): string | undefined {
  if (storage === "memory") return undefined;
  return protocol === "total-order" ? join(path, protocol) : path;
}

/** A member that has data and starts without them would contradict what it has said. */
async function refuseToForget(path: string): Promise<void> {
  const stored = await storageOf(path);
  if (stored !== undefined) throw new WrongStorageError(path, stored, "memory");
}

function httpTls({ "tls-cert": cert, "tls-key": key, "tls-client-ca": ca }: ServeSettings): TlsFiles | undefined {
  if (cert === undefined || key === undefined) return undefined;
  return ca === undefined ? { cert, key } : { cert, key, ca };
}

function listenAddress({ id, cluster, listen }: ServeSettings): { readonly host: string; readonly port: number } {
  const address = splitAddress(listen ?? cluster.find((member) => member.id === id)?.address ?? "");
  invariant(address !== undefined, "checked settings have an address to listen on");
  return address;
}
