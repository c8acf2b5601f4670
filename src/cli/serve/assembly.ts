import { invariant } from "../../base/invariant.ts";
import type { Member } from "../../protocols/replicated-log.ts";
import { type FaultRule, withFaults } from "../../runtime/transports/faults.ts";
import type { Notice } from "../../runtime/transports/notices.ts";
import { tcpTransport } from "../../runtime/transports/tcp/tcp.ts";
import type { Transport } from "../../runtime/transports/transport.ts";
import { type ServeSettings, splitAddress } from "../settings.ts";
import type { Log } from "./log.ts";
import { loadParts, type ServedNode } from "./parts.ts";

/** A node that serves. */
export interface Server {
  readonly url: string;
  readonly node: ServedNode;
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
  const { openNode, startHttp, objects } = await loadParts();
  const notice: Notice = (level, text, facts) => log[level](facts, text);
  const tcp = tcpTransport({ listen: listenAddress(settings), notice });
  const disturbed = faults && withFaults(readdressed(tcp, settings.cluster));
  if (disturbed) faults.subscribe((rules) => disturbed.setFaults(rules));
  const node = await openNode({
    id: settings.id,
    members: settings.cluster,
    dataDir: settings["data-dir"],
    machine: objects,
    transport: disturbed ?? tcp,
    notice,
    ...(settings["cluster-id"] === undefined ? {} : { clusterId: settings["cluster-id"] }),
    ...(settings["tick-ms"] === undefined ? {} : { tickMs: settings["tick-ms"] }),
    ...(settings["election-ticks"] === undefined ? {} : { electionTicks: settings["election-ticks"] }),
    ...(settings["heartbeat-ticks"] === undefined ? {} : { heartbeatTicks: settings["heartbeat-ticks"] }),
    ...(settings["snapshot-entries"] === undefined ? {} : { snapshotEntries: settings["snapshot-entries"] }),
  });
  try {
    const { host, port, insecure, "body-bytes-max": bodyBytesMax } = settings;
    const body = bodyBytesMax === undefined ? {} : { bodyBytesMax };
    const http = await startHttp({ node, host, port, insecure, log, ...body });
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

function listenAddress({ id, cluster, listen }: ServeSettings): { readonly host: string; readonly port: number } {
  const address = splitAddress(listen ?? cluster.find((member) => member.id === id)?.address ?? "");
  invariant(address !== undefined, "checked settings have an address to listen on");
  return address;
}

/** A local cluster may get other ports at each start: what its supervisor says beats the addresses stored. */
function readdressed(inner: Transport, known: readonly Member[]): Transport {
  const addresses = new Map(known.map(({ id, address }) => [id, address]));
  return {
    start: (owner) => inner.start(owner),
    setMembers: (members) =>
      inner.setMembers(members.map(({ id, address }) => ({ id, address: addresses.get(id) ?? address }))),
    send: (to, frame) => inner.send(to, frame),
    stats: () => inner.stats(),
    close: () => inner.close(),
  };
}
