import type { Machine } from "../machines/machine.ts";
import { messageBytesMax } from "../protocols/message-frame.ts";
import type { LogNode, MachineNode } from "./api.ts";
import { protocolOf } from "./directory.ts";
import { openGroupNode } from "./group/machine/open-group-node.ts";
import { ReplicatedLogNode } from "./node/log-node.ts";
import { ReplicatedMachine } from "./node/machine-node.ts";
import { checkOptions, type NodeConfig, type NodeOptions } from "./options.ts";
import { isLogProtocol } from "./protocols/kinds.ts";
import { openStorage, type Storage } from "./storage.ts";
import { makeTransport } from "./transport-kinds.ts";
import { MemoryNetwork } from "./transports/memory.ts";
import type { Transport } from "./transports/transport.ts";

/** Starts a member of a replicated machine. Resolves once it listens; `ready()` waits for a leader. */
export async function openNode<State, Command, Answer, Question, Reply>(
  options: NodeOptions & { readonly machine: Machine<State, Command, Answer, Question, Reply> },
): Promise<MachineNode<Command, Answer, Question, Reply>>;
/** Starts a member of a replicated log: the user keeps the state. */
export async function openNode(options: NodeOptions & { readonly machine?: undefined }): Promise<LogNode>;
/**
 * Throws `OptionError`, `AddressInUseError`, `DirectoryLockedError`, `WrongDirectoryError`, `WrongStorageError`,
 * `WrongProtocolError`, `CorruptionError` and `DiskFullError`, having changed nothing that matters to a next try.
 */
export async function openNode<State, Command, Answer, Question, Reply>(
  options: NodeOptions & { readonly machine?: Machine<State, Command, Answer, Question, Reply> | undefined },
): Promise<LogNode | MachineNode<Command, Answer, Question, Reply>> {
  const config = checkOptions({ ...options, protocol: options.protocol ?? (await protocolOf(options.dataDir)) });
  if (config.protocol === "total-order") return await openGroupNode(config, options.machine);
  return await startNode(config, await openStorage(config), options.machine);
}

/** Starts a member on storage that is open, and closes that if it cannot. Tests bring a disk of their own. */
export async function startNode<State, Command, Answer, Question, Reply>(
  config: NodeConfig,
  storage: Storage,
  machine: Machine<State, Command, Answer, Question, Reply> | undefined,
): Promise<LogNode | MachineNode<Command, Answer, Question, Reply>> {
  const node = new ReplicatedLogNode(config, storage, openTransport(config));
  try {
    if (machine === undefined) {
      await node.start();
      return node;
    }
    const replicated = new ReplicatedMachine(node, config, machine);
    await replicated.start();
    await node.start();
    return replicated;
  } catch (error) {
    await node.close();
    throw error;
  }
}

function openTransport({ id, listen, notice, tls, transport, protocol }: NodeConfig): Transport {
  if (typeof transport !== "string") return transport;
  if (listen === undefined) return new MemoryNetwork().transport(id); // alone: nobody to talk to
  return makeTransport(transport, messageBytesMax, {
    listen,
    notice,
    tls,
    ...(isLogProtocol(protocol) && { protocol }),
  });
}
