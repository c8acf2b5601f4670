import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { isNodeId, type NodeId } from "../../base/ids.ts";
import type { Member, SnapshotName } from "../../protocols/replicated-log.ts";
import { type DataDirectory, openDirectory, type StorageKind } from "../directory.ts";
import { OptionError, WrongDirectoryError } from "../errors.ts";
import { errorCode, storageError, systemFiles } from "../files.ts";
import { checkMembers } from "../options.ts";
import type { LogProtocolName } from "../protocols/kinds.ts";
import { logProtocol } from "../protocols/log-protocols.ts";
import { RecordStore } from "../protocols/record-store.ts";
import { openStored } from "../storages/storages.ts";
import { BackupFile, type BackupInfo } from "./backup-file.ts";

/** What to make of a backup. The same on every member of the new cluster, but for `id` and `dataDir`. */
export interface RestoreOptions {
  /** The backup. */
  readonly file: string;
  /** Made by this; it must not exist, or be empty. */
  readonly dataDir: string;
  /** Which of the members this one is. */
  readonly id: NodeId;
  /** All members of the new cluster: id and `host:port`. */
  readonly members: Readonly<Record<NodeId, string>>;
  /** The new cluster's, never the old one's. Default: made of the backup and the members. */
  readonly clusterId?: string;
  /** In what the directory keeps its data. Default `wal`. */
  readonly storage?: StorageKind;
  /** What keeps the order from now on, whatever did so before. Default `raft`. */
  readonly protocol?: LogProtocolName;
}

/** What came of it. */
export interface Restored extends BackupInfo {
  /** The new cluster's id: members of the old one cannot join it. */
  readonly newClusterId: string;
}

/**
 * Makes a data directory out of a backup: a member of a new cluster, in which all was agreed on that the backup holds.
 *
 * Whole or not at all: it is made beside `dataDir`, and moved there when it is complete. Throws `BackupError`,
 * `OptionError` or `WrongDirectoryError`.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, id, storage, protocol = "raft" } = options;
  const dataDir = resolve(options.dataDir);
  if (!isNodeId(id)) throw new OptionError("id", `${JSON.stringify(id)} is no node id`);
  const members = checkMembers(id, options.members, protocol);
  await refuseUsed(dataDir);
  const backup = await BackupFile.open(file);
  try {
    const clusterId = options.clusterId ?? nameCluster(backup.info, members);
    checkClusterId(clusterId, backup.info);
    const unfinished = await makeUnfinished(dataDir);
    try {
      await fill(unfinished, backup, { id, clusterId, members, storage, protocol });
      await move(unfinished, dataDir);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw storageError(error, dataDir);
    }
    return { ...backup.info, newClusterId: clusterId };
  } finally {
    await backup.close();
  }
}

/** The same backup and members make the same name on each of them; another backup, or others, another. */
function nameCluster(info: BackupInfo, members: readonly Member[]): string {
  const { clusterId, nodeId, index, checksum, savedAt } = info;
  const lines = [clusterId, nodeId, index, checksum, savedAt.getTime(), ...members.map(lineOf).sort()];
  return `restored-${crc32(lines.join("\n")).toString(16).padStart(8, "0")}`;
}

function lineOf({ id, address }: Member): string {
  return `${id}=${address}`;
}

function checkClusterId(clusterId: string, info: BackupInfo): void {
  if (clusterId.length < 1 || clusterId.length > 64) throw new OptionError("clusterId", "must have 1 to 64 characters");
  if (clusterId !== info.clusterId) return;
  throw new OptionError(
    "clusterId",
    `must not be ${clusterId} again: members of the old cluster could join the new one`,
  );
}

async function refuseUsed(dataDir: string): Promise<void> {
  try {
    if ((await readdir(dataDir)).length === 0) return;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return;
    throw new WrongDirectoryError(dataDir, `cannot be used as a data directory (${code})`);
  }
  throw new WrongDirectoryError(dataDir, "is not empty, and a backup is restored into a new directory only");
}

/** Beside the target, so that moving it is one step of the file system. */
async function makeUnfinished(dataDir: string): Promise<string> {
  await mkdir(dirname(dataDir), { recursive: true });
  return await mkdtemp(join(dirname(dataDir), `${basename(dataDir)}.restoring-`));
}

async function fill(
  path: string,
  backup: BackupFile,
  member: {
    readonly id: NodeId;
    readonly clusterId: string;
    readonly members: readonly Member[];
    readonly storage: StorageKind | undefined;
    readonly protocol: LogProtocolName;
  },
): Promise<void> {
  const { id: nodeId, clusterId, storage, protocol } = member;
  const directory = await openDirectory(path, { nodeId, clusterId, storage, protocol });
  try {
    await store(directory, backup, member.members);
  } finally {
    await directory.close();
  }
}

async function store(directory: DataDirectory, backup: BackupFile, members: readonly Member[]): Promise<void> {
  const { index, term } = backup.info;
  const { log, snapshots, close } = await openStored(directory, () => undefined);
  try {
    const snapshot: SnapshotName = await snapshots.save({ index, term }, backup.state());
    const protocol = logProtocol(directory.protocol);
    const records = new RecordStore(protocol.form, log, snapshots, () => undefined);
    await records.recover(protocol.recovery(members, 0));
    await records.store(protocol.restored(snapshot, members));
  } finally {
    await log.close();
    await close();
  }
}

async function move(unfinished: string, dataDir: string): Promise<void> {
  try {
    await rename(unfinished, dataDir);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "EBUSY") throw error;
    const problem = code === "EBUSY" ? "cannot be replaced: name a directory in it instead" : "is not empty any more";
    throw new WrongDirectoryError(dataDir, problem);
  }
  await systemFiles.syncDirectory(dirname(dataDir));
}
