import { type Bytes, noBytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import { fingerprint } from "../../machines/fingerprint.ts";
import type { LoggedRecord } from "../../protocols/raft/codec/record-codec.ts";
import {
  decodeRecord,
  encodeRecord,
  type Found,
  type RaftMemory,
  type RaftRecord,
  type RaftVocabulary,
  Recovery,
  recordKinds,
  type SnapshotName,
  type Want,
} from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";
import { isSameSnapshot, type Membership } from "../../protocols/replicated-log.ts";
import type { Store } from "../protocol.ts";

/** Writes in one file of the log; the oldest file goes once all entries in it may. */
const fileWritesMax = 24;

/** Entries that one read gives at the most: few, so that reads that end early are common. */
const foundCountMax = 3;

interface Stored {
  readonly kind: number;
  readonly bytes: Bytes;
  isDamaged: boolean;
}

/** One file of the log: it begins with the latest record of each kind that is not entries. */
interface File {
  readonly records: Stored[];
  writes: number;
  /** The highest index that it holds. */
  highest: number;
}

interface Snapshot {
  readonly name: SnapshotName;
  readonly content: Bytes;
  isDamaged: boolean;
}

/** Content of a snapshot under a name for it. */
export function nameSnapshot(index: number, term: number, content: Bytes): SnapshotName {
  return { index, term, bytes: content.length, checksum: fingerprint(content) };
}

/**
 * What a Raft member's disk holds: the runtime's log and its snapshots, without their bytes' layout.
 *
 * A flipped bit is marked, not hidden: that checksums find it is what the tests of the log itself show.
 */
export class RaftStore implements Store<RaftVocabulary> {
  /** Own snapshots kept besides the newest. */
  snapshotsKept = 1;
  readonly #files: File[] = [];
  readonly #latest = new Map<number, Stored>();
  /** Where each index's entry is stored. */
  readonly #places: (Stored | undefined)[] = [];
  #droppedThrough = 0;
  readonly #snapshots = new Map<number, Snapshot>();
  #receiving: { readonly name: SnapshotName; readonly content: Bytes } | undefined;

  isApart(record: RaftRecord): boolean {
    return record.kind === "chunk";
  }

  encode(record: RaftRecord): Bytes {
    return record.kind === "chunk" ? record.bytes : encodeRecord(record);
  }

  put(records: readonly RaftRecord[], encoded: readonly Bytes[]): void {
    for (const [at, record] of records.entries()) {
      if (record.kind === "chunk") this.#receive(record.snapshot, record.offset, record.bytes);
      else this.#log(record, encoded[at] ?? noBytes);
    }
    const file = this.#files.at(-1);
    if (file !== undefined) file.writes++;
    while (this.#files.length > 1 && (this.#files[0]?.highest ?? 0) <= this.#droppedThrough) this.#files.shift();
  }

  #log(record: LoggedRecord, bytes: Bytes): void {
    const kind = recordKinds.indexOf(record.kind);
    const stored = { kind, bytes, isDamaged: false };
    const file = this.#file();
    file.records.push(stored);
    if (record.kind !== "entries") this.#latest.set(kind, stored);
    if (record.kind === "base") {
      this.#droppedThrough = Math.max(this.#droppedThrough, record.base.index);
    }
    if (record.kind !== "entries") return;
    if (this.#places.length !== record.from) this.#places.length = record.from; // setting it is slow
    for (const _ of record.entries) this.#places.push(stored);
    file.highest = Math.max(file.highest, this.#places.length - 1);
  }

  #file(): File {
    const file = this.#files.at(-1);
    if (file !== undefined && file.writes < fileWritesMax) return file;
    const next: File = { records: [...this.#latest.values()], writes: 0, highest: 0 };
    this.#files.push(next);
    return next;
  }

  /** A piece continues what is there, or begins another snapshot. */
  #receive(name: SnapshotName, offset: number, bytes: Bytes): void {
    const before = this.#receiving !== undefined && isSameSnapshot(this.#receiving.name, name);
    const known = before ? (this.#receiving?.content ?? noBytes) : noBytes;
    invariant(offset <= known.length, "a piece of a snapshot continues what is stored");
    const content = new Uint8Array(Math.max(known.length, offset + bytes.length));
    content.set(known);
    content.set(bytes, offset);
    this.#receiving = { name, content };
    if (content.length < name.bytes) return;
    invariant(fingerprint(content) === name.checksum, "a snapshot arrives as it was sent");
    this.#snapshots.set(name.index, { name, content, isDamaged: false });
    this.#receiving = undefined;
  }

  /** The owner's own snapshot is durable: older ones go. */
  save(name: SnapshotName, content: Bytes): void {
    this.#snapshots.set(name.index, { name, content, isDamaged: false });
    const older = [...this.#snapshots.keys()].filter((index) => index < name.index).sort((one, other) => other - one);
    for (const index of older.slice(this.snapshotsKept)) this.#snapshots.delete(index);
  }

  hasSnapshot(index: number): boolean {
    return this.#snapshots.has(index);
  }

  /** A snapshot's content; `undefined` when it is gone. */
  content(name: SnapshotName): Bytes | undefined {
    const snapshot = this.#snapshots.get(name.index);
    return snapshot !== undefined && isSameSnapshot(snapshot.name, name) ? snapshot.content : undefined;
  }

  /** What storage answers to a core's question now. `damaged`: reading found a flipped bit, and the process stops. */
  find(what: Want): Found | "damaged" {
    if (what.kind === "chunk") {
      const content = this.content(what.snapshot);
      if (content === undefined || this.#snapshots.get(what.snapshot.index)?.isDamaged) return { kind: "gone" };
      return { kind: "chunk", offset: what.offset, bytes: content.subarray(what.offset, what.offset + what.bytesMax) };
    }
    if (what.from <= this.#droppedThrough) return { kind: "gone" };
    const stored = this.#places[what.from];
    if (stored === undefined) return { kind: "gone" };
    if (stored.isDamaged) return "damaged";
    const record = decodeRecord(stored.kind, stored.bytes);
    invariant(record.kind === "entries", "entries stand where entries were stored");
    const first = what.from - record.from;
    const through = this.#places.lastIndexOf(stored) - record.from;
    const entries = record.entries.slice(first, Math.min(first + foundCountMax, through + 1));
    return { kind: "entries", from: what.from, entries };
  }

  flip(pick: number): boolean {
    const all = [...this.#files.flatMap((file) => file.records), ...this.#snapshots.values()];
    const struck = all[pick % Math.max(1, all.length)];
    if (struck === undefined) return false;
    struck.isDamaged = true;
    return true;
  }

  get isDamaged(): boolean {
    const isLogDamaged = this.#files.some((file) => file.records.some((record) => record.isDamaged));
    return isLogDamaged || [...this.#snapshots.values()].some((snapshot) => snapshot.isDamaged);
  }

  /** Whether anything was ever stored. */
  get isNew(): boolean {
    return this.#files.length === 0;
  }

  /** A snapshot of which the first part is stored. */
  get incoming(): { readonly snapshot: SnapshotName; readonly received: number } | undefined {
    return this.#receiving && { snapshot: this.#receiving.name, received: this.#receiving.content.length };
  }

  /** A new member's first record. */
  begin(membership: Membership): void {
    const record = { kind: "base", base: { index: 0, term: 0 }, snapshot: undefined, membership } as const;
    this.put([record], [encodeRecord(record)]);
  }

  /** What the stored records make of a member. */
  recover(tailBytesMax: number): RaftMemory {
    const recovery = new Recovery([], tailBytesMax);
    for (const { records } of this.#files) {
      for (const { kind, bytes } of records) recovery.take(decodeRecord(kind, bytes));
    }
    const memory = recovery.finish();
    return { ...memory, snapshot: this.#newestSnapshot(memory) };
  }

  /** The newest that the log knows: a process may have ended between storing one and its record. */
  #newestSnapshot({ snapshot, log }: RaftMemory): SnapshotName | undefined {
    let newest: SnapshotName | undefined;
    for (const { name } of this.#snapshots.values()) {
      const isRecorded = snapshot !== undefined && isSameSnapshot(name, snapshot);
      const isNewer = name.index > (snapshot?.index ?? 0) && termAt(log, name.index) === name.term;
      if ((isRecorded || isNewer) && name.index > (newest?.index ?? 0)) newest = name;
    }
    invariant(newest !== undefined || snapshot === undefined, "a recorded snapshot is stored");
    return newest;
  }
}
