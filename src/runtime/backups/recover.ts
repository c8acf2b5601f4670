import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { cp } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { NodeId } from "../../base/ids.ts";
import type { Member, Membership, Position, SnapshotName } from "../../protocols/replicated-log.ts";
import { type DataDirectory, openExisting, writeIdentity } from "../directory.ts";
import { OptionError, WrongDirectoryError } from "../errors.ts";
import { checkAddress } from "../options.ts";
import type { LogProtocolName } from "../protocols/kinds.ts";
import { logProtocol } from "../protocols/log-protocols.ts";
import { RecordStore } from "../protocols/record-store.ts";
import { type OpenStorage, openStored } from "../storages/storages.ts";

/** What a survivor's data directory holds. The survivor to choose is the one with the newest `last`. */
export interface Survivor {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  /** What keeps the order: others that are added need the same. */
  readonly protocol: LogProtocolName;
  /**
   * Its last entry with all before it: of two, the one with the higher term is newer, or with the higher index in the
   * same term.
   */
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
 * The membership is an entry in the order like any other; the new cluster id keeps the old members out, should they
 * come back. The whole directory is copied before anything in it changes. Throws what `inspectSurvivor` throws, and
 * `OptionError`.
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
    const { storage, protocol } = directory;
    await writeIdentity(dataDir, { nodeId: id, clusterId, storage, protocol });
    await store({ id, address });
    return { ...survivor, newClusterId: clusterId, copy };
  });
}

/** Stores that from now on nobody takes part but this one. */
type Store = (survivor: Member) => Promise<void>;

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
  const protocol = logProtocol(directory.protocol);
  const records = new RecordStore(protocol.form, log, snapshots, () => undefined);
  const { memory } = await records.recover(protocol.recovery([], 0));
  const { last: index, term, membership } = protocol.survivor(memory);
  if (membership.members.length === 0) {
    throw new WrongDirectoryError(
      directory.path,
      "belongs to a node that never took part in a cluster: it holds nothing",
    );
  }
  const { nodeId, clusterId } = directory;
  const store: Store = async (survivor) => await records.store(protocol.alone(memory, survivor));
  const last = { index, term: term ?? (await termAt(records, memory.snapshot, index)) };
  return { survivor: { nodeId, clusterId, protocol: directory.protocol, last, membership }, store };
}

/** Of the last entry, which is stored, unless a snapshot holds all. */
async function termAt(records: RecordStore, snapshot: SnapshotName | undefined, index: number): Promise<number> {
  const found = await records.find({ kind: "entries", from: index, bytesMax: 1 });
  if (found.kind === "entries") return found.entries[0]?.term ?? 0;
  return snapshot?.index === index ? snapshot.term : 0;
}

/** The whole directory but its lock, beside it. */
async function copyOf({ path }: DataDirectory): Promise<string> {
  const copy = `${path}.before-recovery-${new Date().toISOString().replaceAll(":", "-")}`;
  const filter = (source: string): boolean => basename(source) !== "lock";
  await cp(path, copy, { recursive: true, errorOnExist: true, force: false, mode: constants.COPYFILE_FICLONE, filter });
  return copy;
}
