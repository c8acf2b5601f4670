import { type Bytes, noBytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import { fingerprint } from "../../machines/fingerprint.ts";
import {
  type Entry,
  type Found,
  isSameSnapshot,
  type SnapshotName,
  type Want,
} from "../../protocols/replicated-log.ts";
import type { Store } from "../protocol.ts";
import type { LogVocabulary } from "./replica.ts";

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
  /** Of this member's owner; otherwise from another member. */
  readonly isOwn: boolean;
  isDamaged: boolean;
}

/** Content of a snapshot under a name for it. */
export function nameSnapshot(index: number, term: number, content: Bytes): SnapshotName {
  return { index, term, bytes: content.length, checksum: fingerprint(content) };
}

/** A piece of a snapshot from another member, in any replicated log. */
interface Chunk {
  readonly kind: "chunk";
  readonly snapshot: SnapshotName;
  readonly offset: number;
  readonly bytes: Bytes;
}

/** How a protocol's records are laid out, those that go into the log. */
export interface RecordForm<Logged extends { readonly kind: string }> {
  readonly kinds: readonly string[];
  encode(record: Logged): Bytes;
  decode(kind: number, bytes: Bytes): Logged;
  /** The entries that a record holds, from position `first` on; of a kind that has none the newest counts. */
  entries(record: Logged): { readonly first: number; readonly entries: readonly Entry[] } | undefined;
  /** Entries of a record take the places of all from its first on, and not of their own alone. */
  readonly isReplacing: boolean;
  /** Nothing through there is needed any more. */
  dropThrough(record: Logged): number | undefined;
}

/** The vocabulary of a replicated log whose records are these, or pieces of snapshots. */
export interface StoredVocabulary<Logged> extends LogVocabulary {
  readonly record: Logged | Chunk;
}

/**
 * What a member's disk holds: the runtime's log and its snapshots, without their bytes' layout.
 *
 * A flipped bit is marked, not hidden: that checksums find it is what the tests of the log itself show.
 */
export class LogStore<Logged extends { readonly kind: string }> implements Store<StoredVocabulary<Logged>> {
  /** Own snapshots kept besides the newest. */
  snapshotsKept = 1;
  readonly #form: RecordForm<Logged>;
  readonly #files: File[] = [];
  readonly #latest = new Map<number, Stored>();
  /** Where each index's entry is stored. */
  readonly #places: (Stored | undefined)[] = [];
  #droppedThrough = 0;
  readonly #snapshots = new Map<number, Snapshot>();
  #receiving: { readonly name: SnapshotName; readonly content: Bytes } | undefined;

  constructor(form: RecordForm<Logged>) {
    this.#form = form;
  }

  isApart(record: Logged | Chunk): boolean {
    return isChunk(record);
  }

  encode(record: Logged | Chunk): Bytes {
    return isChunk(record) ? record.bytes : this.#form.encode(record);
  }

  put(records: readonly (Logged | Chunk)[], encoded: readonly Bytes[]): void {
    for (const [at, record] of records.entries()) {
      if (isChunk(record)) this.#receive(record.snapshot, record.offset, record.bytes);
      else this.#log(record, encoded[at] ?? noBytes);
    }
    const file = this.#files.at(-1);
    if (file !== undefined) file.writes++;
    while (this.#files.length > 1 && (this.#files[0]?.highest ?? 0) <= this.#droppedThrough) this.#files.shift();
  }

  #log(record: Logged, bytes: Bytes): void {
    const { kinds, isReplacing } = this.#form;
    const kind = kinds.indexOf(record.kind);
    const stored = { kind, bytes, isDamaged: false };
    const file = this.#file();
    file.records.push(stored);
    const drop = this.#form.dropThrough(record);
    if (drop !== undefined) this.#droppedThrough = Math.max(this.#droppedThrough, drop);
    const held = this.#form.entries(record);
    if (held === undefined) {
      this.#latest.set(kind, stored);
      return;
    }
    const { first, entries } = held;
    const isCut = isReplacing ? this.#places.length !== first : this.#places.length < first;
    if (isCut) this.#places.length = first; // setting it is slow
    for (let index = first; index < first + entries.length; index++) this.#places[index] = stored;
    file.highest = Math.max(file.highest, first + entries.length - 1);
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
    this.#snapshots.set(name.index, { name, content, isOwn: false, isDamaged: false });
    this.#receiving = undefined;
  }

  /** The owner's own snapshot is durable: older ones go. */
  save(name: SnapshotName, content: Bytes): void {
    this.#snapshots.set(name.index, { name, content, isOwn: true, isDamaged: false });
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
    const held = this.#form.entries(this.#form.decode(stored.kind, stored.bytes));
    invariant(held !== undefined, "entries stand where entries were stored");
    let count = 1;
    while (count < foundCountMax && this.#places[what.from + count] === stored) count++;
    const at = what.from - held.first;
    return { kind: "entries", from: what.from, entries: held.entries.slice(at, at + count) };
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

  /** All records, in the order in which they were stored. */
  *records(): Iterable<Logged> {
    for (const { records } of this.#files) for (const { kind, bytes } of records) yield this.#form.decode(kind, bytes);
  }

  /** Snapshots that are stored whole. */
  get snapshots(): readonly { readonly name: SnapshotName; readonly isOwn: boolean }[] {
    return [...this.#snapshots.values()];
  }
}

function isChunk(record: { readonly kind: string }): record is Chunk {
  return record.kind === "chunk";
}
