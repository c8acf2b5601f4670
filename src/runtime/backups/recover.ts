import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { cp } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { NodeId } from "../../base/ids.ts";
import { encodeMembership } from "../../protocols/raft/index.ts";
import { configurationAt, lastPosition } from "../../protocols/raft/log/log.ts";
import { type Membership, membershipOf, type Position } from "../../protocols/replicated-log.ts";
import { type DataDirectory, openExisting, writeIdentity } from "../directory.ts";
import { OptionError, WrongDirectoryError } from "../errors.ts";
import { checkAddress } from "../options.ts";
import { RaftStore } from "../raft-store.ts";
import { type OpenStorage, openStored } from "../storages/storages.ts";

/** What a survivor's data directory holds. The survivor to choose is the one with the newest `last`. */
export interface Survivor {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  /** Its last entry: of two, the one with the higher term is newer, or with the higher index in the same term. */
  readonly last: Position;
  /** Who took part, as far as it knows. */
  readonly membership: Membership;
}

/** How to go on with one survivor alone. */
export interface RecoverOptions {
  readonly dataDir: string;
  /** Whose directory it is. */
  readonly id: NodeId;
  /** Where members that are added later reach it: `host:port`. */
  readonly address: string;
  /** The new cluster's, never the old one's. Default: made here. */
  readonly clusterId?: string;
}

/** What came of it. */
export interface Recovered extends Survivor {
  readonly newClusterId: string;
  /** Where the directory lies as it was. */
  readonly copy: string;
}

/** Looks at what a data directory holds. Throws `DirectoryLockedError` while a node uses it, `WrongDirectoryError`. */
export async function inspectSurvivor(dataDir: string): Promise<Survivor> {
  return await visit(resolve(dataDir), async (_, survivor) => survivor);
}

/**
 * Makes a survivor the only member of a new cluster, for when a majority is lost for ever. Unsafe: what the others
 * had agreed on and this one had not stored is lost, and what it had stored and nobody had agreed on is agreed on now.
 *
 * The membership is an entry after all others; the new cluster id keeps the old members out, should they come back.
 * The whole directory is copied before anything in it changes. Throws what `inspectSurvivor` throws, and `OptionError`.
 */
export async function recoverAlone(options: RecoverOptions): Promise<Recovered> {
  const { id, address, clusterId = `recovered-${randomBytes(6).toString("hex")}` } = options;
  const dataDir = resolve(options.dataDir);
  checkAddress("address", address);
  return await visit(dataDir, async (directory, survivor, store) => {
    if (survivor.nodeId !== id) throw new OptionError("id", `must be ${survivor.nodeId}, whose directory this is`);
    if (clusterId === survivor.clusterId || clusterId.length < 1 || clusterId.length > 64) {
      throw new OptionError(
        "clusterId",
        "must have 1 to 64 characters, and not be the old one: old members may come back",
      );
    }
    const copy = await copyOf(directory);
    // First: from here on nobody of the old cluster is heard.
    await writeIdentity(dataDir, { nodeId: id, clusterId, storage: directory.storage });
    const membership = membershipOf([{ id, address }]);
    await store(membership);
    return { ...survivor, newClusterId: clusterId, copy };
  });
}

/** Stores a membership as the entry after all others, in a term of its own. */
type Store = (membership: Membership) => Promise<void>;

/** Holds the directory while `use` works on it. */
async function visit<Found>(
  dataDir: string,
  use: (directory: DataDirectory, survivor: Survivor, store: Store) => Promise<Found>,
): Promise<Found> {
  const directory = await openExisting(dataDir);
  try {
    const stored = await openStored(directory, () => undefined);
    try {
      const { survivor, store } = await read(directory, stored);
      return await use(directory, survivor, store);
    } finally {
      await stored.log.close();
      await stored.close();
    }
  } finally {
    await directory.close();
  }
}

async function read(
  directory: DataDirectory,
  { log, snapshots }: OpenStorage,
): Promise<{ survivor: Survivor; store: Store }> {
  const records = new RaftStore(log, snapshots, () => undefined);
  const memory = await records.recover([], 0);
  const last = lastPosition(memory.log);
  const { membership } = configurationAt(memory.log, last.index);
  if (membership.members.length === 0) {
    throw new WrongDirectoryError(
      directory.path,
      "belongs to a node that never took part in a cluster: it holds nothing",
    );
  }
  const { nodeId, clusterId } = directory;
  const store: Store = async (wanted) => {
    const term = Math.max(memory.term, last.term) + 1;
    const entry = { term, kind: "members", payload: encodeMembership(wanted) } as const;
    await records.store([
      { kind: "state", term, votedFor: nodeId },
      { kind: "entries", from: last.index + 1, entries: [entry] },
    ]);
  };
  return { survivor: { nodeId, clusterId, last, membership }, store };
}

/** The whole directory but its lock, beside it. */
async function copyOf({ path }: DataDirectory): Promise<string> {
  const copy = `${path}.before-recovery-${new Date().toISOString().replaceAll(":", "-")}`;
  const filter = (source: string): boolean => basename(source) !== "lock";
  await cp(path, copy, { recursive: true, errorOnExist: true, force: false, mode: constants.COPYFILE_FICLONE, filter });
  return copy;
}
