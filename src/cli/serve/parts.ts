import type { Member } from "../../protocols/replicated-log.ts";
import type { MachineNode } from "../../runtime/api.ts";
import type { Transport } from "../../runtime/transports/transport.ts";
import type { FaultRule } from "../cluster/faults.ts";
import { CommandFailure, exitCode } from "../exit.ts";

/** Where parts of the runtime tell an operator what happened. */
export type Notice = (level: "info" | "warn", text: string, facts: Readonly<Record<string, unknown>>) => void;

/** A node over the bundle of machines that the services serve. */
export type ServedNode = MachineNode<never, unknown, never, unknown>;

/** What `serve` is put together from. */
export interface Parts {
  tcpTransport(options: { listen: { host: string; port: number }; notice: Notice }): Transport;
  withFaults(inner: Transport): Transport & { setFaults(rules: readonly FaultRule[]): void };
  openNode(options: {
    id: string;
    members: readonly Member[];
    clusterId?: string;
    dataDir: string;
    machine: unknown;
    transport: Transport;
    tickMs?: number;
    electionTicks?: number;
    heartbeatTicks?: number;
    snapshotEntries?: number;
    notice: Notice;
  }): Promise<ServedNode>;
  startHttp(options: {
    node: ServedNode;
    host: string;
    port: number;
    insecure: boolean;
    bodyBytesMax?: number;
    log: { error(facts: object, text: string): void };
  }): Promise<{ url: string; port: number; close(): Promise<void> }>;
  readonly machine: unknown;
}

/** Loads the parts; they are heavy, so only a node that starts does it. */
export async function loadParts(): Promise<Parts> {
  throw new CommandFailure(exitCode.bug, "this build has no node yet");
}
