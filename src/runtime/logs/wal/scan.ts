import { CorruptionError } from "../../errors.ts";
import type { OpenFile } from "../../files.ts";
import { isSectorOf, openHead, openPayload, sectorBytes } from "./frame.ts";

/** A frame as it was found. */
export interface FoundFrame {
  readonly offset: number;
  readonly sectors: number;
  readonly sequence: number;
  readonly payload: Buffer;
}

/** Where the intact frames of a segment end. */
export interface ScanEnd {
  readonly offset: number;
  /** What follows are the remains of one write that a crash interrupted: to be cut off. */
  readonly torn: boolean;
}

const windowBytes = 256 * 1024;
const zeros = Buffer.alloc(windowBytes);

/** `length` bytes from `offset` on. Sectors that the file does not hold in full read as zeros: as never written. */
export async function readSectors(file: OpenFile, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  const count = await file.read(bytes, offset);
  return bytes.fill(0, count - (count % sectorBytes));
}

/**
 * Reads the frames of one segment in order, then judges what follows them.
 *
 * At most one write is in flight, and a crash leaves each sector of it either written or as it was, zero. So behind the
 * last intact frame there may be zeros and intact sectors of the one next frame, at their places: a torn write, which
 * was never acknowledged. Anything else, a damaged sector or one of a later frame, is corruption and throws
 * `CorruptionError` with its offset. Not to be told from a torn write: whole sectors of the very last frame turned into
 * zeros, or cut off.
 *
 * `sequence` is that of the first frame, `undefined` if it is not known; the first frame must then be intact.
 */
export async function* scanSegment(file: OpenFile, sequence: number | undefined): AsyncGenerator<FoundFrame, ScanEnd> {
  const size = await file.size();
  let window: Buffer = Buffer.alloc(0);
  let start = 0;
  let expected = sequence;
  let offset = sectorBytes;
  const load = async (length: number): Promise<void> => {
    if (offset >= start && offset + length <= start + window.length) return;
    window = await readSectors(file, offset, Math.max(length, windowBytes));
    start = offset;
  };
  while (offset < size) {
    await load(sectorBytes);
    const head = openHead(window, offset - start);
    if (head === undefined || head.sequence !== (expected ?? head.sequence)) break;
    const bytes = head.sectors * sectorBytes;
    if (offset + bytes > size) break; // torn or cut off: what is there is judged below
    await load(bytes);
    const payload = openPayload(window, offset - start, head);
    if (payload === undefined) break;
    yield { offset, sectors: head.sectors, sequence: head.sequence, payload };
    offset += bytes;
    expected = head.sequence + 1;
  }
  return { offset, torn: await hasRemains(file, offset, size, expected) };
}

/** Whether there is anything behind the last intact frame; throws unless it is what a torn write leaves. */
async function hasRemains(file: OpenFile, end: number, size: number, sequence: number | undefined): Promise<boolean> {
  let sectors = Number.POSITIVE_INFINITY; // of the torn frame, if its head tells
  let found = false;
  for (let start = end; start < size; start += windowBytes) {
    const bytes = await readSectors(file, start, Math.min(windowBytes, sectorsUp(size - start)));
    if (bytes.equals(zeros.subarray(0, bytes.length))) continue;
    for (let at = 0; at < bytes.length; at += sectorBytes) {
      if (isZero(bytes, at)) continue;
      const index = (start + at - end) / sectorBytes;
      if (sequence === undefined || index >= sectors || !isSectorOf(bytes, at, sequence, index)) {
        throw new CorruptionError(file.path, start + at, describe(bytes, at, sequence));
      }
      if (index === 0) sectors = openHead(bytes, at)?.sectors ?? sectors;
      found = true;
    }
  }
  return found;
}

function describe(bytes: Buffer, at: number, expected: number | undefined): string {
  const head = openHead(bytes, at);
  if (head === undefined) return "neither a frame nor what a torn write leaves";
  const missing = expected === undefined ? "" : `, but frame ${expected} is missing or damaged`;
  return `frame ${head.sequence} is here${missing}`;
}

/** Whether there are only zeros from `offset` on. */
export async function isBlank(file: OpenFile, offset: number): Promise<boolean> {
  const size = await file.size();
  for (let start = offset; start < size; start += windowBytes) {
    const bytes = await readSectors(file, start, Math.min(windowBytes, sectorsUp(size - start)));
    if (!bytes.equals(zeros.subarray(0, bytes.length))) return false;
  }
  return true;
}

function isZero(bytes: Buffer, at: number): boolean {
  return zeros.compare(bytes, at, at + sectorBytes, 0, sectorBytes) === 0;
}

function sectorsUp(bytes: number): number {
  return Math.ceil(bytes / sectorBytes) * sectorBytes;
}
