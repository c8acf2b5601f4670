import { crc32 } from "node:zlib";
import type { Bytes } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import { isSameSnapshot, type Position, type SnapshotName } from "../../protocols/replicated-log.ts";
import { CorruptionError } from "../errors.ts";
import type { Changes, Database } from "../lmdb/database.ts";
import {
  allOf,
  allOfContent,
  contentKey,
  contentOf,
  decodeContentNumber,
  decodeProgress,
  encodeContentNumber,
  encodeProgress,
  justThis,
  receivingKey,
  type StoredProgress,
  snapshotKey,
  snapshotOf,
  space,
} from "../lmdb/keys.ts";
import type { Pair } from "../lmdb/pairs.ts";
import { pieces } from "./pieces.ts";
import { checkPiece, keptAfterReadMs, type PartialSnapshot, type Snapshots } from "./snapshots.ts";

const valueBytesMax = 16 * 4096 - 64; // of one value: with all that is added, sixteen whole pages
const sliceBytes = 4 * valueBytesMax; // of one transaction or read, so that no append to the log waits long
const removedMax = 128; // values, in one transaction

/** A complete snapshot, and where its content lies. */
interface Stored {
  readonly snapshot: SnapshotName;
  readonly content: number;
  readAt?: number;
}

/**
 * Opens the snapshots in a database, removing what a crash left of one that was being saved or dropped. `now` is
 * monotonic ms.
 *
 * A snapshot is a content under a number, in pieces, and a value that names it and says which number: so it becomes
 * complete, or goes, at once. The database is its owner's to close.
 */
export async function lmdbSnapshots(
  database: Database,
  now: () => number = () => performance.now(),
): Promise<Snapshots> {
  const complete = (await database.scan(allOf(space.snapshot))).map(({ key, value }) => {
    return { snapshot: snapshotOf(key), content: decoded(database, () => decodeContentNumber(value)) };
  });
  const [received] = await database.scan(allOf(space.receiving));
  const receiving = received && decoded(database, () => decodeProgress(received.value));
  const snapshots = new LmdbSnapshots(database, now, complete, receiving);
  await snapshots.removeStray();
  return snapshots;
}

class LmdbSnapshots implements Snapshots {
  readonly #database: Database;
  readonly #now: () => number;
  #complete: readonly Stored[];
  #receiving: StoredProgress | undefined;
  #nextContent: number;

  constructor(database: Database, now: () => number, complete: readonly Stored[], receiving?: StoredProgress) {
    this.#database = database;
    this.#now = now;
    this.#complete = complete;
    this.#receiving = receiving;
    this.#nextContent = 1 + Math.max(0, ...this.#contents());
  }

  /** Removes content that nothing names. */
  async removeStray(): Promise<void> {
    const known = this.#contents();
    let { from, before } = allOf(space.content);
    for (;;) {
      const [found] = await this.#database.scan({ from, before, countMax: 1 });
      if (found === undefined) return;
      const { content } = contentOf(found.key);
      if (!known.has(content)) await this.#removeContent(content);
      from = contentKey(content + 1, 0);
    }
  }

  async list(): Promise<readonly SnapshotName[]> {
    const names = this.#complete.map(({ snapshot }) => snapshot);
    return names.sort((a, b) => b.index - a.index || b.term - a.term || b.checksum - a.checksum);
  }

  async partial(): Promise<PartialSnapshot | undefined> {
    const receiving = this.#receiving;
    return receiving && { snapshot: receiving.snapshot, received: receiving.received };
  }

  async save(at: Position, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<SnapshotName> {
    const content = this.#nextContent++;
    try {
      let bytes = 0;
      let checksum = 0;
      for await (const piece of pieces(chunks, sliceBytes)) {
        checksum = crc32(piece, checksum);
        await this.#database.commit({ puts: valuesOf(content, bytes, piece) });
        bytes += piece.length;
      }
      const snapshot = { index: at.index, term: at.term, bytes, checksum };
      await this.#add(snapshot, content, {});
      return snapshot;
    } catch (error) {
      await this.#removeContent(content).catch(() => undefined); // if that fails, too, the next start does it
      throw error;
    }
  }

  async receive(snapshot: SnapshotName, offset: number, bytes: Bytes): Promise<void> {
    const before = this.#receiving;
    const isContinued = before !== undefined && isSameSnapshot(before.snapshot, snapshot);
    const progress = isContinued ? before : { received: 0, checksum: 0, content: this.#nextContent++ };
    const news = checkPiece(snapshot, progress.received, offset, bytes);
    const { content } = progress;
    const received = progress.received + news.length;
    const checksum = crc32(news, progress.checksum);
    const puts = valuesOf(content, progress.received, news);
    if (received < snapshot.bytes) {
      const next = { snapshot, received, checksum, content };
      await this.#database.commit({ puts: [...puts, { key: receivingKey, value: encodeProgress(next) }] });
      this.#receiving = next;
    } else {
      const removes = [allOf(space.receiving)];
      if (checksum === snapshot.checksum) await this.#add(snapshot, content, { puts, removes });
      else await this.#database.commit({ removes });
      this.#receiving = undefined;
      if (checksum !== snapshot.checksum) await this.#removeContent(content);
    }
    if (before !== undefined && !isContinued) await this.#removeContent(before.content);
    if (received < snapshot.bytes || checksum === snapshot.checksum) return;
    throw this.#damaged("what was received does not fit its checksum, and was dropped");
  }

  async read(snapshot: SnapshotName, offset: number, bytesMax: number): Promise<Bytes | undefined> {
    const stored = this.#find(snapshot);
    if (stored === undefined) return undefined;
    stored.readAt = this.#now();
    const count = Math.max(0, Math.min(bytesMax, snapshot.bytes - offset));
    const into = new Uint8Array(count);
    const { content } = stored;
    const before = contentKey(content, offset + count);
    let filled = 0;
    while (filled < count) {
      const start = filled;
      const from = contentKey(content, offset + filled);
      const found = await this.#database.scan({ from, before, floor: true, bytesMax: count - filled });
      for (const { key, value } of found) {
        const piece = contentOf(key);
        const skipped = offset + filled - piece.offset;
        if (piece.content !== content || skipped < 0 || skipped >= value.length) break;
        const part = value.subarray(skipped, skipped + count - filled);
        into.set(part, filled);
        filled += part.length;
      }
      if (filled === start) return this.#missing(stored, offset + filled);
    }
    return into;
  }

  async *content(snapshot: SnapshotName): AsyncGenerator<Bytes, void> {
    let checksum = 0;
    for (let offset = 0; offset < snapshot.bytes; ) {
      const bytes = await this.read(snapshot, offset, sliceBytes);
      if (bytes === undefined) throw this.#damaged(`the snapshot of index ${snapshot.index} is gone`);
      checksum = crc32(bytes, checksum);
      offset += bytes.length;
      yield bytes;
    }
    if (checksum !== snapshot.checksum) throw this.#damaged(`the snapshot of index ${snapshot.index} changed`);
  }

  async dropBefore(index: number): Promise<void> {
    for (const stored of this.#complete) {
      const { snapshot, content, readAt } = stored;
      if (snapshot.index >= index || (readAt !== undefined && this.#now() - readAt < keptAfterReadMs)) continue;
      await this.#database.commit({ removes: [justThis(snapshotKey(snapshot))] });
      this.#complete = this.#complete.filter((other) => other !== stored);
      await this.#removeContent(content);
    }
  }

  /** Makes a content a complete snapshot, in place of one of the same name, together with other changes. */
  async #add(snapshot: SnapshotName, content: number, { puts = [], removes = [] }: Changes): Promise<void> {
    const named = { key: snapshotKey(snapshot), value: encodeContentNumber(content) };
    await this.#database.commit({ puts: [...puts, named], removes });
    const before = this.#find(snapshot);
    this.#complete = [...this.#complete.filter((stored) => stored !== before), { snapshot, content }];
    if (before !== undefined) await this.#removeContent(before.content);
  }

  async #removeContent(content: number): Promise<void> {
    const range = { ...allOfContent(content), countMax: removedMax };
    while ((await this.#database.commit({ removes: [range] })) === removedMax);
  }

  /** A piece is not there: because the snapshot was dropped meanwhile, or because it is damaged. */
  #missing(stored: Stored, offset: number): undefined {
    if (!this.#complete.includes(stored)) return undefined;
    throw this.#damaged(`byte ${offset} of the snapshot of index ${stored.snapshot.index} is missing`);
  }

  #find(snapshot: SnapshotName): Stored | undefined {
    return this.#complete.find((stored) => isSameSnapshot(stored.snapshot, snapshot));
  }

  #contents(): ReadonlySet<number> {
    const named = this.#complete.map(({ content }) => content);
    return new Set(this.#receiving === undefined ? named : [...named, this.#receiving.content]);
  }

  #damaged(what: string): CorruptionError {
    return new CorruptionError(this.#database.path, 0, what);
  }
}

/** A stretch of content as values; views of it. */
function valuesOf(content: number, offset: number, bytes: Bytes): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let at = 0; at < bytes.length; at += valueBytesMax) {
    pairs.push({ key: contentKey(content, offset + at), value: bytes.subarray(at, at + valueBytesMax) });
  }
  return pairs;
}

function decoded<Value>(database: Database, decode: () => Value): Value {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    throw new CorruptionError(database.path, 0, "an intact value of the snapshots says nothing", { cause });
  }
}
