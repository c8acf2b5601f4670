import type { RaftMemory } from "../protocols/raft/index.ts";
import { termAt } from "../protocols/raft/log/log.ts";
import { isSameSnapshot, type Member, membershipOf } from "../protocols/replicated-log.ts";
import { openDirectory } from "./directory.ts";
import { CorruptionError, WrongDirectoryError } from "./errors.ts";
import type { Log } from "./logs/log.ts";
import { memoryLog } from "./logs/memory.ts";
import type { NodeConfig } from "./options.ts";
import { RaftStore } from "./raft-store.ts";
import { memorySnapshots } from "./snapshots/memory.ts";
import type { PartialSnapshot, Snapshots } from "./snapshots/snapshots.ts";
import { openStored } from "./storages/storages.ts";

/** What one node stores, open and recovered. */
export interface Storage {
  readonly clusterId: string;
  readonly log: Log;
  readonly snapshots: Snapshots;
  readonly records: RaftStore;
  readonly memory: RaftMemory;
  readonly partial: PartialSnapshot | undefined;
  close(): Promise<void>;
}

/** Where a node's records and snapshots are kept. */
export interface StorageParts {
  readonly clusterId: string;
  readonly log: Log;
  readonly snapshots: Snapshots;
  /** Called last. */
  release(): Promise<void>;
}

/**
 * Opens a node's storage and reads it. Throws what `openDirectory`, `openStored`, `Log.recover` and `Snapshots` throw,
 * and `WrongDirectoryError` for a cluster id other than the stored one.
 */
export async function openStorage(config: NodeConfig, tailBytesMax: number): Promise<Storage> {
  const { dataDir, clusterId, id: nodeId, notice, storage } = config;
  if (dataDir === undefined) {
    const release = async (): Promise<void> => undefined;
    return await recoverStorage(config, tailBytesMax, {
      clusterId,
      log: memoryLog(),
      snapshots: memorySnapshots(),
      release,
    });
  }
  const directory = await openDirectory(dataDir, { nodeId, clusterId, storage });
  try {
    if (config.isClusterIdGiven && directory.clusterId !== clusterId) {
      throw new WrongDirectoryError(dataDir, `belongs to cluster ${directory.clusterId}, not to ${clusterId}`);
    }
    const stored = await openStored(directory, (text) => notice("warn", text, {}));
    const release = async (): Promise<void> => {
      await stored.close();
      await directory.close();
    };
    const { log, snapshots } = stored;
    try {
      return await recoverStorage(config, tailBytesMax, { clusterId: directory.clusterId, log, snapshots, release });
    } catch (error) {
      await stored.close();
      throw error;
    }
  } catch (error) {
    await directory.close();
    throw error;
  }
}

/** Reads what is stored; a new node's first record is written. */
export async function recoverStorage(
  config: NodeConfig,
  tailBytesMax: number,
  { clusterId, log, snapshots, release }: StorageParts,
): Promise<Storage> {
  const records = new RaftStore(log, snapshots, config.notice);
  const first = config.join ? [] : config.members;
  const { isNew, ...memory } = await records.recover(first, tailBytesMax);
  const { base, configurations } = memory.log;
  if (isNew) await records.store([{ kind: "base", base, snapshot: undefined, membership: membershipOf(first) }]);
  else if (!config.join) sayMembership(config, configurations.at(-1)?.membership.members ?? []);
  const snapshot = await newestSnapshot(memory, snapshots, config.dataDir ?? "memory");
  return {
    clusterId,
    log,
    snapshots,
    records,
    memory: { ...memory, snapshot },
    partial: await snapshots.partial(),
    close: async () => {
      await log.close();
      await release();
    },
  };
}

/** The newest snapshot that the log knows: the process may have ended between storing one and its record. */
async function newestSnapshot(
  memory: RaftMemory,
  snapshots: Snapshots,
  where: string,
): Promise<RaftMemory["snapshot"]> {
  const recorded = memory.snapshot;
  for (const name of await snapshots.list()) {
    const isRecorded = recorded !== undefined && isSameSnapshot(name, recorded);
    const isNewer = name.index > (recorded?.index ?? 0) && termAt(memory.log, name.index) === name.term;
    if (isRecorded || isNewer) return name;
  }
  if (recorded === undefined) return undefined;
  throw new CorruptionError(where, 0, `the snapshot of index ${recorded.index} is missing`);
}

function sayMembership(config: NodeConfig, stored: readonly Member[]): void {
  const ids = (members: readonly Member[]) =>
    members
      .map((member) => member.id)
      .sort()
      .join(", ");
  if (ids(stored) === ids(config.members)) return;
  const facts = { stored: ids(stored), given: ids(config.members) };
  config.notice("warn", "the stored members count, not the given ones", facts);
}
