import type { Bytes } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import {
  type Entry,
  type Found,
  isSameSnapshot,
  type SnapshotName,
  type Want,
} from "../../protocols/replicated-log.ts";
import { CorruptionError } from "../errors.ts";
import type { Log, LogRecord } from "../logs/log.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import type { Notice } from "../transports/notices.ts";

/** Records in one append to the log, in bytes; a single larger one goes alone. A log takes several times as much. */
const appendBytesMax = 16 * 2 ** 20;

/** What any protocol stores. */
export interface StoredRecord {
  readonly kind: string;
}

/** A piece of a snapshot from another member, in any replicated log: it goes to the store of snapshots. */
export interface ChunkRecord extends StoredRecord {
  readonly kind: "chunk";
  readonly snapshot: SnapshotName;
  readonly offset: number;
  readonly bytes: Bytes;
}

/** How a protocol's records lie in a log, which knows no protocol. */
export interface RecordForm<Logged extends StoredRecord> {
  /** A record's kind is stored as its place in here. */
  readonly kinds: readonly string[];
  encode(record: Logged): Bytes;
  /** Throws `MalformedError`. */
  decode(kind: number, bytes: Bytes): Logged;
  hints(record: Logged): Pick<LogRecord, "latest" | "positions" | "dropThrough">;
  /** The entries that a record holds, from index `first` on, if it holds any. */
  entries(record: Logged): { readonly first: number; readonly entries: readonly Entry[] } | undefined;
  /** The snapshot from which on it lets the log start, if it does. */
  snapshot(record: Logged): SnapshotName | undefined;
}

/** Folds stored records, in order, into what a member remembers. */
export interface Folding<Logged, Memory> {
  /** Throws `MalformedError` for records that no member can have written in this order. */
  take(record: Logged): void;
  /** Once, at the end. Throws `MalformedError` likewise. */
  finish(): Memory;
}

/** One group's records on a log and a store of snapshots, both of which know no protocol. */
export class RecordStore<Logged extends StoredRecord = StoredRecord> {
  readonly #form: RecordForm<Logged>;
  readonly #log: Log;
  readonly #snapshots: Snapshots;
  readonly #group: number;
  readonly #notice: Notice;
  /** The snapshot asked for last, and whether its content is what its name says. */
  #checked: { readonly snapshot: SnapshotName; readonly isSound: Promise<boolean> } | undefined;
  /** How many records of the call under way, or cut short by a full disk, are stored. */
  #storedCount = 0;
  #recorded: SnapshotName | undefined;

  constructor(form: RecordForm<Logged>, log: Log, snapshots: Snapshots, notice: Notice, group = 0) {
    this.#form = form;
    this.#log = log;
    this.#snapshots = snapshots;
    this.#notice = notice;
    this.#group = group;
  }

  /** What the stored records make of a member. `isNew`: nothing was stored. */
  async recover<Memory>(
    recovery: Folding<Logged, Memory>,
  ): Promise<{ readonly memory: Memory; readonly isNew: boolean }> {
    let isNew = true;
    try {
      for await (const record of this.#log.recover()) {
        if (record.group !== this.#group) continue;
        recovery.take(this.#form.decode(record.kind, record.bytes));
        isNew = false;
      }
      return { memory: recovery.finish(), isNew };
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
  async store(records: readonly (Logged | ChunkRecord)[]): Promise<void> {
    while (this.#storedCount < records.length) this.#storedCount += await this.#storeNext(records, this.#storedCount);
    this.#storedCount = 0;
  }

  /** Stores a piece of a snapshot, or what goes into one append to the log; says how many records that were. */
  async #storeNext(records: readonly (Logged | ChunkRecord)[], from: number): Promise<number> {
    const logged: LogRecord[] = [];
    let recorded: SnapshotName | undefined;
    let bytes = 0;
    for (const record of records.slice(from)) {
      if (isChunk(record)) {
        if (logged.length > 0) break;
        await this.#snapshots.receive(record.snapshot, record.offset, record.bytes);
        return 1;
      }
      const next = this.#logRecord(record);
      bytes += next.bytes.length;
      if (bytes > appendBytesMax && logged.length > 0) break;
      logged.push(next);
      recorded = this.#form.snapshot(record) ?? recorded;
    }
    await this.#log.append(logged);
    this.#recorded = recorded ?? this.#recorded;
    return logged.length;
  }

  /** The snapshot that was recorded last since the start: only now older ones are not needed any more. */
  get recorded(): SnapshotName | undefined {
    return this.#recorded;
  }

  #logRecord(record: Logged): LogRecord {
    const { kinds, encode, hints } = this.#form;
    return { group: this.#group, kind: kinds.indexOf(record.kind), bytes: encode(record), ...hints(record) };
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
      const held = this.#form.entries(this.#form.decode(record.kind, record.bytes));
      if (held === undefined) continue;
      const start = Math.max(first, what.from);
      for (const entry of held.entries.slice(start - held.first, last + 1 - held.first)) entries.push(entry);
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

function isChunk(record: StoredRecord): record is ChunkRecord {
  return record.kind === "chunk";
}
