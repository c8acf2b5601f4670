import type { Member } from "../../protocols/replicated-log.ts";
import type { MachineNode } from "../../runtime/api.ts";
import type { Notice } from "../../runtime/transports/notices.ts";
import type { Transport } from "../../runtime/transports/transport.ts";
import { CommandFailure, exitCode } from "../exit.ts";

/** A node that replicates the objects which the services serve. */
export type ServedNode = MachineNode<never, unknown, never, unknown>;

/** What of a node `serve` needs and does not import yet. */
export interface Parts {
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
  }): Promise<{ readonly url: string; readonly port: number; close(): Promise<void> }>;
  readonly objects: unknown;
}

/** Loads the parts. */
export async function loadParts(): Promise<Parts> {
  throw new CommandFailure(exitCode.bug, "this build has no node yet");
}
