import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { ByteReader, type Bytes, ByteWriter } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import type { SnapshotName } from "../../protocols/replicated-log.ts";
import { BackupError } from "../errors.ts";
import { errorCode } from "../files.ts";

/** What a backup says of itself. */
export interface BackupInfo {
  /** The cluster that it was taken of, and the member that gave it. */
  readonly clusterId: string;
  readonly nodeId: string;
  /** The state is that after entry `index`, written in `term`. */
  readonly index: number;
  readonly term: number;
  /** Size of the state, and its CRC-32. */
  readonly bytes: number;
  readonly checksum: number;
  readonly savedAt: Date;
}

/** A backup on its way out of a node. */
export interface Backup extends BackupInfo {
  /** Size of the whole file. */
  readonly fileBytes: number;
  /** The whole file; to be read once, without long pauses. Throws `CorruptionError` if what is stored is damaged. */
  readonly content: AsyncIterable<Bytes>;
}

/** The format that this release writes. It reads this one. */
const backupVersion = 1;

const magic = "quorate backup\n"; // the first line of the file, for people
const startBytes = magic.length + 8; // and the version, and the size of what follows before the state
const factsBytesMax = 4096;
const sliceBytes = 256 * 1024;

/** Puts a snapshot into the form of a backup. */
export function backupOf(
  snapshot: SnapshotName,
  { clusterId, nodeId }: { readonly clusterId: string; readonly nodeId: string },
  content: AsyncIterable<Bytes>,
): Backup {
  const { index, term, bytes, checksum } = snapshot;
  const info: BackupInfo = { clusterId, nodeId, index, term, bytes, checksum, savedAt: new Date() };
  const head = encodeHead(info);
  async function* file(): AsyncGenerator<Bytes, void> {
    yield head;
    yield* content;
  }
  return { ...info, fileBytes: head.length + bytes, content: file() };
}

/** Magic, u32 version, u32 size of the facts, the facts, and the CRC-32 of all that; little end first. */
function encodeHead(info: BackupInfo): Bytes {
  const facts = new ByteWriter()
    .text(info.clusterId)
    .text(info.nodeId)
    .varint(info.index)
    .varint(info.term)
    .varint(info.bytes)
    .varint(info.checksum)
    .varint(info.savedAt.getTime())
    .finish();
  const head = Buffer.alloc(startBytes + facts.length + 4);
  head.write(magic, 0, "latin1");
  head.writeUInt32LE(backupVersion, magic.length);
  head.writeUInt32LE(facts.length, magic.length + 4);
  head.set(facts, startBytes);
  head.writeUInt32LE(crc32(head.subarray(0, -4)), head.length - 4);
  return head;
}

/** A backup file that is open: its head is intact, and its size is what the head says. */
export class BackupFile {
  readonly info: BackupInfo;
  readonly #file: ReadableFile;
  readonly #stateAt: number;

  private constructor(info: BackupInfo, file: ReadableFile, stateAt: number) {
    this.info = info;
    this.#file = file;
    this.#stateAt = stateAt;
  }

  /** Throws `BackupError`. */
  static async open(path: string): Promise<BackupFile> {
    const file = await openForReading(path);
    try {
      const { info, headBytes } = await readHead(file);
      const size = await file.size();
      const missing = headBytes + info.bytes - size;
      if (missing > 0) throw new BackupError(path, `it ends ${missing} bytes too early`);
      if (missing < 0) throw new BackupError(path, `it has ${-missing} bytes too many`);
      return new BackupFile(info, file, headBytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The state, verified against its checksum by the end. Throws `BackupError`. */
  async *state(): AsyncGenerator<Bytes, void> {
    const { bytes, checksum } = this.info;
    let found = 0;
    for (let offset = 0; offset < bytes; ) {
      const slice = await this.#file.read(this.#stateAt + offset, Math.min(sliceBytes, bytes - offset));
      found = crc32(slice, found);
      offset += slice.length;
      yield slice;
    }
    if (found !== checksum) throw new BackupError(this.#file.path, "the state does not fit its checksum");
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Reads all of a backup and checks it; what it says of itself. Throws `BackupError`. */
export async function verifyBackup(path: string): Promise<BackupInfo> {
  const backup = await BackupFile.open(path);
  try {
    for await (const _ of backup.state());
    return backup.info;
  } finally {
    await backup.close();
  }
}

async function readHead(file: ReadableFile): Promise<{ readonly info: BackupInfo; readonly headBytes: number }> {
  const start = await file.read(0, startBytes);
  if (start.toString("latin1", 0, magic.length) !== magic) throw new BackupError(file.path, "it is no backup");
  const version = start.readUInt32LE(magic.length);
  if (version !== backupVersion) {
    throw new BackupError(file.path, `it has format ${version}, and this release reads format ${backupVersion}`);
  }
  const factsBytes = start.readUInt32LE(magic.length + 4);
  if (factsBytes > factsBytesMax) throw new BackupError(file.path, "its head is damaged");
  const rest = await file.read(startBytes, factsBytes + 4);
  const facts = rest.subarray(0, factsBytes);
  if (rest.readUInt32LE(factsBytes) !== crc32(facts, crc32(start))) {
    throw new BackupError(file.path, "its head is damaged");
  }
  return { info: decodeFacts(file.path, facts), headBytes: startBytes + factsBytes + 4 };
}

function decodeFacts(path: string, facts: Bytes): BackupInfo {
  try {
    const reader = new ByteReader(facts);
    const info = {
      clusterId: reader.text(),
      nodeId: reader.text(),
      index: reader.varint(),
      term: reader.varint(),
      bytes: reader.varint(),
      checksum: reader.varint(2 ** 32 - 1),
      savedAt: new Date(reader.varint(8.64e15)),
    };
    reader.finish();
    return info;
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    throw new BackupError(path, `its head is damaged: ${cause.message}`, { cause });
  }
}

interface ReadableFile {
  readonly path: string;
  size(): Promise<number>;
  /** Exactly `bytes` bytes. Throws `BackupError` if there are fewer. */
  read(offset: number, bytes: number): Promise<Buffer>;
  close(): Promise<void>;
}

async function openForReading(path: string): Promise<ReadableFile> {
  try {
    const handle = await open(path, "r");
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new BackupError(path, "it is a directory");
    }
    return {
      path,
      size: async () => (await handle.stat()).size,
      read: async (offset, bytes) => {
        const into = Buffer.alloc(bytes);
        for (let count = 0; count < bytes; ) {
          const { bytesRead } = await handle.read(into, count, bytes - count, offset + count);
          if (bytesRead === 0) throw new BackupError(path, "it ends too early");
          count += bytesRead;
        }
        return into;
      },
      close: () => handle.close(),
    };
  } catch (cause) {
    if (cause instanceof BackupError) throw cause;
    throw new BackupError(path, `it cannot be read (${errorCode(cause) ?? "unknown"})`, { cause });
  }
}
