import { crc32 } from "node:zlib";
import type { Position, SnapshotName } from "../../protocols/replicated-log.ts";
import { CorruptionError, WrongDirectoryError } from "../errors.ts";
import type { OpenFile } from "../files.ts";

/** The format that this release writes. It reads this one. */
const snapshotVersion = 1;

/** Where the content starts: header in sector 0, two slots for the progress of receiving in 1 and 2. */
export const contentStart = 4096;

const sectorBytes = 512; // written wholly or not at all
const magic = "quorate snapshot\n"; // the first line of the file, for people
const headerBytes = 17 + 4 + 4 * 8 + 4; // magic, version, index, term, bytes, checksum, CRC-32 of these
const progressBytes = 8 + 4 + 4;

/** How much of a snapshot being received is durable, and the CRC-32 of that. */
export interface Progress {
  readonly received: number;
  readonly checksum: number;
}

/** The name of the file that holds a complete snapshot. */
export function fileNameOf({ index, term, checksum }: SnapshotName): string {
  return `${index}-${term}-${checksum.toString(16).padStart(8, "0")}.snapshot`;
}

/** What such a name says; `undefined` for other files. */
export function parseFileName(name: string): (Position & { readonly checksum: number }) | undefined {
  const match = /^(\d{1,16})-(\d{1,16})-([0-9a-f]{8})\.snapshot$/.exec(name);
  if (match === null) return undefined;
  return { index: Number(match[1]), term: Number(match[2]), checksum: Number.parseInt(match[3] ?? "", 16) };
}

/** Names what the file holds; also forgets the progress of whatever it held before. */
export function writeHeader(file: OpenFile, { index, term, bytes, checksum }: SnapshotName): Promise<void> {
  const start = Buffer.alloc(contentStart);
  start.write(magic, 0, "latin1");
  let at = start.writeUInt32LE(snapshotVersion, magic.length);
  for (const value of [index, term, bytes, checksum]) at = start.writeBigUInt64LE(BigInt(value), at);
  start.writeUInt32LE(crc32(start.subarray(0, at)), at);
  return file.write(start, 0);
}

/** Throws `CorruptionError` for a header that is not intact, `WrongDirectoryError` for a format of a later release. */
export async function readHeader(file: OpenFile): Promise<SnapshotName> {
  const snapshot = await findHeader(file);
  if (snapshot === undefined) throw new CorruptionError(file.path, 0, "its header is not intact");
  return snapshot;
}

/** As `readHeader`; `undefined` if there is no intact header, as when its writing was interrupted. */
export async function findHeader(file: OpenFile): Promise<SnapshotName | undefined> {
  const header = Buffer.alloc(headerBytes);
  await file.read(header, 0);
  const isIntact = header.readUInt32LE(headerBytes - 4) === crc32(header.subarray(0, headerBytes - 4));
  if (!isIntact || header.toString("latin1", 0, magic.length) !== magic) return undefined;
  const version = header.readUInt32LE(magic.length);
  if (version !== snapshotVersion) {
    const problem = `is a snapshot of format ${version}, and this release reads format ${snapshotVersion}`;
    throw new WrongDirectoryError(file.path, problem);
  }
  const field = (number: number): number => Number(header.readBigUInt64LE(magic.length + 4 + 8 * number));
  return { index: field(0), term: field(1), bytes: field(2), checksum: field(3) };
}

/** Durable; the slot not written keeps the progress before, in case this write is torn. */
export function writeProgress(
  file: OpenFile,
  snapshot: SnapshotName,
  slot: number,
  { received, checksum }: Progress,
): Promise<void> {
  const sector = Buffer.alloc(progressBytes);
  sector.writeBigUInt64LE(BigInt(received), 0);
  sector.writeUInt32LE(checksum, 8);
  sector.writeUInt32LE(crc32(sector.subarray(0, 12), snapshot.checksum), 12); // seeded: fits this snapshot alone
  return file.write(sector, (1 + slot) * sectorBytes);
}

/** The furthest progress that is intact. */
export async function readProgress(
  file: OpenFile,
  snapshot: SnapshotName,
): Promise<Progress & { readonly slot: number }> {
  let furthest = { received: 0, checksum: 0, slot: 1 };
  for (const slot of [0, 1]) {
    const sector = Buffer.alloc(progressBytes);
    await file.read(sector, (1 + slot) * sectorBytes);
    const received = Number(sector.readBigUInt64LE(0));
    const isIntact = sector.readUInt32LE(12) === crc32(sector.subarray(0, 12), snapshot.checksum);
    if (isIntact && received > furthest.received) furthest = { received, checksum: sector.readUInt32LE(8), slot };
  }
  return furthest;
}
