import { invariant } from "../base/invariant.ts";
import { isSameSnapshot } from "../protocols/replicated-log.ts";
import { openDirectory } from "./directory.ts";
import { CorruptionError, WrongDirectoryError } from "./errors.ts";
import type { Log } from "./logs/log.ts";
import { memoryLog } from "./logs/memory.ts";
import type { NodeConfig } from "./options.ts";
import { isLogProtocol } from "./protocols/kinds.ts";
import type { LogProtocol, Remembered } from "./protocols/log-protocol.ts";
import { logProtocol } from "./protocols/log-protocols.ts";
import { RecordStore } from "./protocols/record-store.ts";
import { memorySnapshots } from "./snapshots/memory.ts";
import type { PartialSnapshot, Snapshots } from "./snapshots/snapshots.ts";
import { openStored } from "./storages/storages.ts";

/** Entries of the log that a member keeps in memory, in bytes. */
export const tailBytesMax: number = 8 * 2 ** 20;

/** What one node stores, open and recovered. */
export interface Storage {
  readonly clusterId: string;
  readonly log: Log;
  readonly snapshots: Snapshots;
  readonly protocol: LogProtocol;
  readonly records: RecordStore;
  readonly memory: Remembered;
  /** Whether nothing was stored before. */
  readonly isNew: boolean;
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
export async function openStorage(config: NodeConfig): Promise<Storage> {
  const { dataDir, clusterId, id: nodeId, notice, storage } = config;
  if (dataDir === undefined) {
    const release = async (): Promise<void> => undefined;
    return await recoverStorage(config, {
      clusterId,
      log: memoryLog(),
      snapshots: memorySnapshots(),
      release,
    });
  }
  const { protocol } = config;
  invariant(isLogProtocol(protocol), "what stores a log keeps one");
  const directory = await openDirectory(dataDir, { nodeId, clusterId, storage, protocol });
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
      return await recoverStorage(config, { clusterId: directory.clusterId, log, snapshots, release });
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
  { clusterId, log, snapshots, release }: StorageParts,
): Promise<Storage> {
  const protocol = logProtocol(config.protocol);
  const records = new RecordStore(protocol.form, log, snapshots, config.notice);
  const first = config.join ? [] : config.members;
  const { memory, isNew } = await records.recover(protocol.recovery(first, tailBytesMax));
  if (isNew) await records.store([protocol.firstRecord(first)]);
  await checkSnapshot(memory, snapshots, config.dataDir ?? "memory");
  return {
    clusterId,
    log,
    snapshots,
    protocol,
    records,
    memory,
    isNew,
    partial: await snapshots.partial(),
    close: async () => {
      await log.close();
      await release();
    },
  };
}

/**
 * Only a recorded snapshot counts. The process may have ended between storing one and its record: then the one before
 * is still there, and the log after it.
 */
async function checkSnapshot({ snapshot }: Remembered, snapshots: Snapshots, where: string): Promise<void> {
  if (snapshot === undefined || (await snapshots.list()).some((name) => isSameSnapshot(name, snapshot))) return;
  throw new CorruptionError(where, 0, `the snapshot of index ${snapshot.index} is missing`);
}
