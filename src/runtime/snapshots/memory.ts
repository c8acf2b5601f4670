import { crc32 } from "node:zlib";
import type { Bytes } from "../../base/bytes.ts";
import { isSameSnapshot, type Position, type SnapshotName } from "../../protocols/replicated-log.ts";
import { CorruptionError } from "../errors.ts";
import { checkPiece, keptAfterReadMs, type PartialSnapshot, type Snapshots } from "./snapshots.ts";

interface Stored {
  readonly snapshot: SnapshotName;
  readonly content: readonly Bytes[];
  readAt?: number;
}

/** What memory snapshots store into. It outlives them, as a disk does. */
export interface SnapshotMedium {
  complete: Stored[];
  partial: (PartialSnapshot & { readonly content: readonly Bytes[] }) | undefined;
}

/** A medium that holds nothing yet. */
export function newSnapshotMedium(): SnapshotMedium {
  return { complete: [], partial: undefined };
}

/** Snapshots in memory, for tests and for nodes without a disk. `now` is monotonic ms. */
export function memorySnapshots(
  medium: SnapshotMedium = newSnapshotMedium(),
  now: () => number = () => performance.now(),
): Snapshots {
  return new MemorySnapshots(medium, now);
}

class MemorySnapshots implements Snapshots {
  readonly #medium: SnapshotMedium;
  readonly #now: () => number;

  constructor(medium: SnapshotMedium, now: () => number) {
    this.#medium = medium;
    this.#now = now;
  }

  async list(): Promise<readonly SnapshotName[]> {
    const names = this.#medium.complete.map(({ snapshot }) => snapshot);
    return names.sort((a, b) => b.index - a.index || b.term - a.term || b.checksum - a.checksum);
  }

  async partial(): Promise<PartialSnapshot | undefined> {
    const partial = this.#medium.partial;
    return partial && { snapshot: partial.snapshot, received: partial.received };
  }

  async save(at: Position, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<SnapshotName> {
    const content: Bytes[] = [];
    for await (const chunk of chunks) content.push(new Uint8Array(chunk));
    const snapshot = { index: at.index, term: at.term, bytes: sizeOf(content), checksum: checksumOf(content) };
    this.#add(snapshot, content);
    return snapshot;
  }

  async receive(snapshot: SnapshotName, offset: number, bytes: Bytes): Promise<void> {
    const { partial } = this.#medium;
    const isContinued = partial !== undefined && isSameSnapshot(partial.snapshot, snapshot);
    const before = isContinued ? partial : { received: 0, content: [] };
    const news = checkPiece(snapshot, before.received, offset, bytes);
    const content = [...before.content, new Uint8Array(news)];
    const received = before.received + news.length;
    this.#medium.partial = received < snapshot.bytes ? { snapshot, received, content } : undefined;
    if (received < snapshot.bytes) return;
    if (checksumOf(content) !== snapshot.checksum) {
      throw new CorruptionError("memory", 0, "what was received does not fit its checksum, and was dropped");
    }
    this.#add(snapshot, content);
  }

  async read(snapshot: SnapshotName, offset: number, bytesMax: number): Promise<Bytes | undefined> {
    const stored = this.#find(snapshot);
    if (stored === undefined) return undefined;
    stored.readAt = this.#now();
    return partOf(stored.content, offset, Math.max(0, Math.min(bytesMax, snapshot.bytes - offset)));
  }

  async *content(snapshot: SnapshotName): AsyncGenerator<Bytes, void> {
    const stored = this.#find(snapshot);
    if (stored === undefined) throw new CorruptionError("memory", 0, "the snapshot is gone");
    let checksum = 0;
    for (const piece of stored.content) {
      checksum = crc32(piece, checksum);
      yield piece;
    }
    if (checksum !== snapshot.checksum) throw new CorruptionError("memory", 0, "its checksum does not fit");
  }

  async dropBefore(index: number): Promise<void> {
    const isKept = ({ snapshot, readAt }: Stored): boolean =>
      snapshot.index >= index || (readAt !== undefined && this.#now() - readAt < keptAfterReadMs);
    this.#medium.complete = this.#medium.complete.filter(isKept);
  }

  #find(snapshot: SnapshotName): Stored | undefined {
    return this.#medium.complete.find((stored) => isSameSnapshot(stored.snapshot, snapshot));
  }

  #add(snapshot: SnapshotName, content: readonly Bytes[]): void {
    if (this.#find(snapshot) === undefined) this.#medium.complete.push({ snapshot, content });
  }
}

/** Bytes `offset` … `offset + count - 1` of what the pieces hold together: no more than that is copied. */
function partOf(content: readonly Bytes[], offset: number, count: number): Bytes {
  const part = new Uint8Array(count);
  let start = 0;
  for (const piece of content) {
    const from = Math.max(0, offset - start);
    const upTo = Math.min(piece.length, offset + count - start);
    if (from < upTo) part.set(piece.subarray(from, upTo), start + from - offset);
    start += piece.length;
    if (start >= offset + count) break;
  }
  return part;
}

function sizeOf(content: readonly Bytes[]): number {
  return content.reduce((sum, { length }) => sum + length, 0);
}

function checksumOf(content: readonly Bytes[]): number {
  return content.reduce((checksum, bytes) => crc32(bytes, checksum), 0);
}
