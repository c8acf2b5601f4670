import { MalformedError } from "../base/errors.ts";
import {
  decodeRecord,
  encodeRecord,
  type RaftMemory,
  type RaftRecord,
  Recovery,
  recordKinds,
} from "../protocols/raft/index.ts";
import {
  type Entry,
  type Found,
  isSameSnapshot,
  type Member,
  type SnapshotName,
  type Want,
} from "../protocols/replicated-log.ts";
import { CorruptionError } from "./errors.ts";
import type { Log, LogRecord } from "./logs/log.ts";
import type { Snapshots } from "./snapshots/snapshots.ts";
import type { Notice } from "./transports/notices.ts";

/** Records in one append to the log, in bytes; a single larger one goes alone. A log takes several times as much. */
const appendBytesMax = 16 * 2 ** 20;

/** One Raft group's records on a log and a store of snapshots, both of which know no protocol. */
export class RaftStore {
  readonly #log: Log;
  readonly #snapshots: Snapshots;
  readonly #group: number;
  readonly #notice: Notice;
  /** The snapshot asked for last, and whether its content is what its name says. */
  #checked: { readonly snapshot: SnapshotName; readonly isSound: Promise<boolean> } | undefined;
  /** How many records of the call under way, or cut short by a full disk, are stored. */
  #storedCount = 0;

  constructor(log: Log, snapshots: Snapshots, notice: Notice, group = 0) {
    this.#log = log;
    this.#snapshots = snapshots;
    this.#notice = notice;
    this.#group = group;
  }

  /** What the stored records make of a member; `members` are those of a new one. `isNew`: nothing was stored. */
  async recover(members: readonly Member[], tailBytesMax: number): Promise<RaftMemory & { readonly isNew: boolean }> {
    const recovery = new Recovery(members, tailBytesMax);
    let isNew = true;
    try {
      for await (const record of this.#log.recover()) {
        if (record.group !== this.#group) continue;
        recovery.take(decodeRecord(record.kind, record.bytes));
        isNew = false;
      }
      return { ...recovery.finish(), isNew };
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause;
      throw new CorruptionError("the write-ahead log", 0, cause.message, { cause });
    }
  }

  /**
   * Stores records in order; durable once resolved.
   *
   * After a `DiskFullError` the same call is to be made again: it goes on behind what was stored, for a complete
   * snapshot takes no further pieces.
   */
  async store(records: readonly RaftRecord[]): Promise<void> {
    while (this.#storedCount < records.length) this.#storedCount += await this.#storeNext(records, this.#storedCount);
    this.#storedCount = 0;
  }

  /** Stores a piece of a snapshot, or what goes into one append to the log; says how many records that were. */
  async #storeNext(records: readonly RaftRecord[], from: number): Promise<number> {
    const logged: LogRecord[] = [];
    let bytes = 0;
    for (const record of records.slice(from)) {
      if (record.kind === "chunk") {
        if (logged.length > 0) break;
        await this.#snapshots.receive(record.snapshot, record.offset, record.bytes);
        return 1;
      }
      const next = this.#logRecord(record);
      bytes += next.bytes.length;
      if (bytes > appendBytesMax && logged.length > 0) break;
      logged.push(next);
    }
    await this.#log.append(logged);
    return logged.length;
  }

  #logRecord(record: Exclude<RaftRecord, { kind: "chunk" }>): LogRecord {
    const stored = { group: this.#group, kind: recordKinds.indexOf(record.kind), bytes: encodeRecord(record) };
    switch (record.kind) {
      case "state":
        return { ...stored, latest: true };
      case "entries":
        return { ...stored, positions: { first: record.from, count: record.entries.length } };
      case "base":
        return { ...stored, latest: true, dropThrough: record.base.index };
    }
  }

  /** Answers a core's question. */
  async find(what: Want): Promise<Found> {
    if (what.kind === "chunk") {
      if (!(await this.#isSound(what.snapshot))) return { kind: "gone" };
      const bytes = await this.#snapshots.read(what.snapshot, what.offset, what.bytesMax);
      return bytes === undefined ? { kind: "gone" } : { kind: "chunk", offset: what.offset, bytes };
    }
    const entries: Entry[] = [];
    for (const { record, first, last } of await this.#log.read(this.#group, what.from, what.bytesMax)) {
      const decoded = decodeRecord(record.kind, record.bytes);
      if (decoded.kind !== "entries") continue;
      const start = Math.max(first, what.from);
      for (const entry of decoded.entries.slice(start - decoded.from, last + 1 - decoded.from)) entries.push(entry);
    }
    return entries.length === 0 ? { kind: "gone" } : { kind: "entries", from: what.from, entries };
  }

  /** Checked once, before its first piece leaves: a damaged snapshot would stop each member that it is sent to. */
  #isSound(snapshot: SnapshotName): Promise<boolean> {
    if (this.#checked === undefined || !isSameSnapshot(this.#checked.snapshot, snapshot)) {
      this.#checked = { snapshot, isSound: this.#check(snapshot) };
    }
    return this.#checked.isSound;
  }

  async #check(snapshot: SnapshotName): Promise<boolean> {
    try {
      if ((await this.#snapshots.read(snapshot, 0, 1)) === undefined) return false;
      for await (const _ of this.#snapshots.content(snapshot));
      return true;
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      const text = "a stored snapshot is damaged: members that need it wait for the next one";
      this.#notice("warn", text, { index: snapshot.index, problem: error.message });
      return false;
    }
  }
}
