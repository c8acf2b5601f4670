import { resolve } from "node:path";
import type { NodeId } from "../../base/ids.ts";
import type { SnapshotName } from "../../protocols/replicated-log.ts";
import { openExisting, type StorageKind } from "../directory.ts";
import { CorruptionError } from "../errors.ts";
import { storageError } from "../files.ts";
import type { LogRecord } from "../logs/log.ts";
import type { LogProtocolName } from "../protocols/kinds.ts";
import type { PartialSnapshot } from "../snapshots/snapshots.ts";
import { itemsOf, type StoredItem } from "./items.ts";
import { readStored } from "./stored-data.ts";

/** What is said of a data directory before its log. */
export interface StoredHead {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly storage: StorageKind;
  readonly protocol: LogProtocolName;
  /** Newest first. */
  readonly snapshots: readonly SnapshotName[];
  /** A snapshot that comes from another member, half received. */
  readonly partial: PartialSnapshot | undefined;
}

/** What reading it all came to. */
export interface StoredTotals {
  readonly records: number;
  readonly items: number;
  /** What a start would do: cut off a torn tail. */
  readonly notices: readonly string[];
}

/** Who is told what a data directory holds. */
export interface StoredReader {
  head(head: StoredHead): void;
  /** The next one comes when it has resolved. */
  item(item: StoredItem): Promise<void> | void;
}

/**
 * Tells all that a data directory holds: what comes first, then what each record of its log says, in the order in
 * which they were stored. An entry replaces those of its index and after; records that are repeated show repeatedly.
 *
 * Nothing is changed. Throws `DirectoryLockedError` while a node uses the directory, `WrongDirectoryError`, and
 * `CorruptionError` at the first damage.
 */
export async function inspectStorage(dataDir: string, reader: StoredReader): Promise<StoredTotals> {
  return await visit(dataDir, reader, false);
}

/** As `inspectStorage`, and reads every snapshot whole: every checksum that there is fits. */
export async function verifyStorage(dataDir: string): Promise<StoredHead & StoredTotals> {
  let found: StoredHead | undefined;
  const head = (told: StoredHead): void => {
    found = told;
  };
  const totals = await visit(dataDir, { head, item: () => undefined }, true);
  return { ...(found as StoredHead), ...totals };
}

async function visit(dataDir: string, reader: StoredReader, isThorough: boolean): Promise<StoredTotals> {
  const directory = await openExisting(resolve(dataDir));
  const notices: string[] = [];
  try {
    const data = await readStored(directory, (text) => notices.push(text));
    try {
      const { nodeId, clusterId, storage, protocol } = directory;
      const snapshots = await data.snapshots.list();
      reader.head({ nodeId, clusterId, storage, protocol, snapshots, partial: await data.snapshots.partial() });
      const totals = { records: 0, items: 0 };
      for await (const record of data.records()) {
        totals.records++;
        for (const item of readItems(directory.path, protocol, record, totals.records)) {
          totals.items++;
          await reader.item(item);
        }
      }
      if (isThorough) for (const name of snapshots) for await (const _ of data.snapshots.content(name));
      return { ...totals, notices };
    } finally {
      await data.close();
    }
  } catch (error) {
    throw storageError(error, directory.path);
  } finally {
    await directory.close();
  }
}

function readItems(path: string, protocol: LogProtocolName, record: LogRecord, number: number): readonly StoredItem[] {
  const items = itemsOf(protocol, record);
  if (items !== undefined) return items;
  throw new CorruptionError(path, 0, `record ${number} of the log is intact, and none that ${protocol} writes`);
}
