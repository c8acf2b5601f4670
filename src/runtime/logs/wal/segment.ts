import { join } from "node:path";
import { crc32 } from "node:zlib";
import { CorruptionError, WrongDirectoryError } from "../../errors.ts";
import type { Files, OpenFile } from "../../files.ts";
import { sectorBytes } from "./frame.ts";

/** The format that this release writes. It reads this one. */
const walVersion = 1;

/** One file of the log. Frames start after its first sector. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  /** Where it ends: frames go no further, except the first one. */
  capacity: number;
  /** Whether it is shorter than it was made. */
  readonly cut: boolean;
  /** By group, the position through which all must be dropped before this file may go. */
  readonly pins: Map<number, number>;
}

const magic = "quorate\n"; // the first line of the file, for people
const headerBytes = 28; // magic, version, number, capacity, CRC-32

const suffix = ".wal";
const unfinishedSuffix = ".wal.unfinished";
const sliceBytes = 256 * 1024;
const zeros = Buffer.alloc(sliceBytes);

/** A segment of the log in `directory`, as yet without frames known. */
export function segmentAt(directory: string, number: number, capacity: number): Segment {
  const path = join(directory, String(number).padStart(8, "0") + suffix);
  return { number, path, capacity, cut: false, pins: new Map() };
}

/** The numbers of the segments in a directory, in order; removes what a crash left unfinished. */
export async function segmentNumbers(files: Files, directory: string): Promise<readonly number[]> {
  const names = await files.list(directory);
  for (const name of names) if (name.endsWith(unfinishedSuffix)) await files.remove(join(directory, name));
  const numbers = names.filter((name) => /^\d{8,15}\.wal$/.test(name)).map((name) => Number.parseInt(name, 10));
  return numbers.sort((a, b) => a - b);
}

/**
 * Makes a segment: full size, all zeros behind its header, durable under its name only when complete.
 *
 * Written slice by slice through to the disk, so that no other write waits behind a large one.
 */
export async function makeSegment(files: Files, directory: string, number: number, bytes: number): Promise<Segment> {
  const segment = segmentAt(directory, number, bytes);
  const unfinished = segment.path + unfinishedSuffix.slice(suffix.length);
  try {
    const file = await files.open(unfinished, "create");
    try {
      await file.write(sealHeader(number, bytes), 0);
      for (let at = sectorBytes; at < bytes; at += sliceBytes) {
        await file.write(zeros.subarray(0, Math.min(sliceBytes, bytes - at)), at);
      }
    } finally {
      await file.close();
    }
    await files.rename(unfinished, segment.path);
    await files.syncDirectory(directory);
    return segment;
  } catch (error) {
    await files.remove(unfinished);
    throw error;
  }
}

function sealHeader(number: number, capacity: number): Buffer {
  const sector = Buffer.alloc(sectorBytes);
  sector.write(magic, 0, "latin1");
  sector.writeUInt32LE(walVersion, 8);
  sector.writeBigUInt64LE(BigInt(number), 12);
  sector.writeUInt32LE(capacity, 20);
  sector.writeUInt32LE(crc32(sector.subarray(0, headerBytes - 4)), headerBytes - 4);
  return sector;
}

/**
 * Checks a segment's header; `undefined` if it is not intact. The capacity it was made with.
 *
 * Throws `WrongDirectoryError` for a format of a later release, `CorruptionError` for an intact header of another file.
 */
export async function readHeader(file: OpenFile, number: number, directory: string): Promise<number | undefined> {
  const sector = Buffer.alloc(sectorBytes);
  await file.read(sector, 0);
  if (sector.toString("latin1", 0, magic.length) !== magic) return undefined;
  if (sector.readUInt32LE(headerBytes - 4) !== crc32(sector.subarray(0, headerBytes - 4))) return undefined;
  const version = sector.readUInt32LE(8);
  if (version !== walVersion) {
    const problem = `holds a log of format ${version}, and this release reads format ${walVersion}`;
    throw new WrongDirectoryError(directory, problem);
  }
  const found = Number(sector.readBigUInt64LE(12));
  if (found !== number) throw new CorruptionError(file.path, 0, `it is segment ${found} under another name`);
  if (sector.subarray(headerBytes).some((byte) => byte !== 0)) return undefined;
  return sector.readUInt32LE(20);
}
