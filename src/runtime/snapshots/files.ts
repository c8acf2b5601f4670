import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Bytes } from "../../base/bytes.ts";
import { isSameSnapshot, type Position, type SnapshotName } from "../../protocols/replicated-log.ts";
import { CorruptionError } from "../errors.ts";
import { errorCode, type Files, type OpenFile, storageError, systemFiles } from "../files.ts";
import { pieces } from "./pieces.ts";
import {
  contentStart,
  fileNameOf,
  findHeader,
  type Progress,
  parseFileName,
  readHeader,
  readProgress,
  writeHeader,
  writeProgress,
} from "./snapshot-file.ts";
import { checkPiece, keptAfterReadMs, type PartialSnapshot, type Snapshots } from "./snapshots.ts";

/** Where and how snapshots are kept. */
export interface SnapshotFilesOptions {
  /** Where the snapshots lie; made if missing. Nothing else may write there: see `openDirectory`. */
  readonly directory: string;
  readonly files?: Files;
  /** Monotonic ms. */
  readonly now?: () => number;
}

/** Opens the snapshots in a directory, removing what a crash left of one that was being saved. */
export async function openSnapshots(options: SnapshotFilesOptions): Promise<Snapshots> {
  const { directory, files = systemFiles, now = () => performance.now() } = options;
  try {
    await files.makeDirectory(directory);
    for (const name of await files.list(directory)) {
      if (name.startsWith(savingPrefix)) await files.remove(join(directory, name));
    }
    await files.syncDirectory(directory); // a process killed while it completed a snapshot may not have come to it
  } catch (error) {
    throw storageError(error, directory);
  }
  return new SnapshotFiles({ directory, files, now });
}

const savingPrefix = "saving-";
const receivingName = "receiving";
const sliceBytes = 256 * 1024; // of one write or read: well under 5 ms of this thread

/** The one snapshot being received: its file, and how far it is. */
interface Receiving extends Progress {
  readonly snapshot: SnapshotName;
  readonly slot: number;
}

class SnapshotFiles implements Snapshots {
  readonly #directory: string;
  readonly #files: Files;
  readonly #now: () => number;
  readonly #readAt = new Map<string, number>();
  #saved = 0;
  #receiving: Receiving | undefined;
  #isReceivingKnown = false;

  constructor({ directory, files, now }: Required<SnapshotFilesOptions>) {
    this.#directory = directory;
    this.#files = files;
    this.#now = now;
  }

  async list(): Promise<readonly SnapshotName[]> {
    const found: SnapshotName[] = [];
    for (const name of await this.#files.list(this.#directory)) {
      const named = parseFileName(name);
      if (named === undefined) continue;
      const snapshot = await this.#open(name, async (file) => {
        const header = await readHeader(file);
        if (fileNameOf(header) !== name) throw new CorruptionError(file.path, 0, "it holds another snapshot");
        const size = await file.size();
        if (size !== contentStart + header.bytes)
          throw new CorruptionError(file.path, size, "it ends too early or too late");
        return header;
      });
      if (snapshot !== undefined) found.push(snapshot);
    }
    return found.sort((a, b) => b.index - a.index || b.term - a.term || b.checksum - a.checksum);
  }

  async partial(): Promise<PartialSnapshot | undefined> {
    const receiving = await this.#progress();
    return receiving && { snapshot: receiving.snapshot, received: receiving.received };
  }

  async save(at: Position, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<SnapshotName> {
    const saving = join(this.#directory, `${savingPrefix}${++this.#saved}`);
    try {
      const snapshot = await this.#write(saving, at, chunks);
      await this.#complete(saving, snapshot);
      return snapshot;
    } catch (error) {
      await this.#files.remove(saving);
      throw storageError(error, this.#directory);
    }
  }

  async receive(snapshot: SnapshotName, offset: number, bytes: Bytes): Promise<void> {
    const progress = await this.#progress();
    const isContinued = progress !== undefined && isSameSnapshot(progress.snapshot, snapshot);
    const news = checkPiece(snapshot, isContinued ? progress.received : 0, offset, bytes);
    try {
      const receiving = isContinued ? progress : await this.#startReceiving(snapshot);
      await this.#store(receiving, news);
    } catch (error) {
      throw storageError(error, this.#directory);
    }
  }

  async read(snapshot: SnapshotName, offset: number, bytesMax: number): Promise<Bytes | undefined> {
    const name = fileNameOf(snapshot);
    const found = await this.#open(name, async (file) => {
      const into = new Uint8Array(Math.max(0, Math.min(bytesMax, snapshot.bytes - offset)));
      const count = await file.read(into, contentStart + offset);
      if (count < into.length) throw new CorruptionError(file.path, contentStart + offset + count, "it ends too early");
      return into;
    });
    if (found !== undefined) this.#readAt.set(name, this.#now());
    return found;
  }

  async *content(snapshot: SnapshotName): AsyncGenerator<Bytes, void> {
    const path = join(this.#directory, fileNameOf(snapshot));
    let checksum = 0;
    for (let offset = 0; offset < snapshot.bytes; ) {
      const bytes = await this.read(snapshot, offset, sliceBytes);
      if (bytes === undefined) throw new CorruptionError(path, 0, "it is gone");
      checksum = crc32(bytes, checksum);
      offset += bytes.length;
      yield bytes;
    }
    if (checksum !== snapshot.checksum) throw new CorruptionError(path, contentStart, "its checksum does not fit");
  }

  async dropBefore(index: number): Promise<void> {
    for (const snapshot of await this.list()) {
      const name = fileNameOf(snapshot);
      const readAt = this.#readAt.get(name);
      if (snapshot.index >= index || (readAt !== undefined && this.#now() - readAt < keptAfterReadMs)) continue;
      this.#readAt.delete(name);
      await this.#files.remove(join(this.#directory, name));
    }
  }

  /** Writes content, then the header that names it. */
  async #write(path: string, at: Position, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<SnapshotName> {
    const file = await this.#files.open(path, "create");
    try {
      let bytes = 0;
      let checksum = 0;
      for await (const piece of pieces(chunks, sliceBytes)) {
        checksum = crc32(piece, checksum);
        await file.write(piece, contentStart + bytes);
        bytes += piece.length;
      }
      const snapshot = { index: at.index, term: at.term, bytes, checksum };
      await writeHeader(file, snapshot);
      return snapshot;
    } finally {
      await file.close();
    }
  }

  async #complete(path: string, snapshot: SnapshotName): Promise<void> {
    await this.#files.rename(path, join(this.#directory, fileNameOf(snapshot)));
    await this.#files.syncDirectory(this.#directory);
  }

  /** Reads once what an earlier process received; from then on it is known. */
  async #progress(): Promise<Receiving | undefined> {
    if (this.#isReceivingKnown) return this.#receiving;
    this.#receiving = await this.#open(receivingName, async (file) => {
      const snapshot = await findHeader(file);
      return snapshot && { snapshot, ...(await readProgress(file, snapshot)) };
    });
    this.#isReceivingKnown = true;
    return this.#receiving;
  }

  async #startReceiving(snapshot: SnapshotName): Promise<Receiving> {
    this.#receiving = undefined;
    this.#isReceivingKnown = true;
    const file = await this.#files.open(join(this.#directory, receivingName), "create");
    try {
      await writeHeader(file, snapshot);
    } finally {
      await file.close();
    }
    await this.#files.syncDirectory(this.#directory);
    this.#receiving = { snapshot, received: 0, checksum: 0, slot: 1 };
    return this.#receiving;
  }

  /** Content first, durably, then the progress that counts it. */
  async #store(receiving: Receiving, bytes: Bytes): Promise<void> {
    const { snapshot } = receiving;
    const path = join(this.#directory, receivingName);
    const received = receiving.received + bytes.length;
    let checksum = receiving.checksum;
    const slot = 1 - receiving.slot;
    const file = await this.#files.open(path, "update");
    try {
      for (let at = 0; at < bytes.length; at += sliceBytes) {
        const slice = bytes.subarray(at, at + sliceBytes);
        checksum = crc32(slice, checksum);
        await file.write(slice, contentStart + receiving.received + at);
      }
      if (received < snapshot.bytes) await writeProgress(file, snapshot, slot, { received, checksum });
    } finally {
      await file.close();
    }
    if (received < snapshot.bytes) {
      this.#receiving = { snapshot, received, checksum, slot };
      return;
    }
    this.#receiving = undefined;
    if (checksum === snapshot.checksum) return this.#complete(path, snapshot);
    await this.#files.remove(path);
    throw new CorruptionError(path, contentStart, "what was received does not fit its checksum, and was dropped");
  }

  /** Does something with a file; `undefined` if it does not exist. */
  async #open<Found>(name: string, use: (file: OpenFile) => Promise<Found>): Promise<Found | undefined> {
    const path = join(this.#directory, name);
    try {
      const file = await this.#files.open(path, "read");
      try {
        return await use(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw storageError(error, path);
    }
  }
}
