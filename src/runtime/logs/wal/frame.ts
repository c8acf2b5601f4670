import { crc32 } from "node:zlib";
import type { Bytes } from "../../../base/bytes.ts";

/** The unit that a disk writes wholly or not at all. */
export const sectorBytes = 512;

const crcBytes = 4; // at the head of each sector
const bodyBytes = sectorBytes - crcBytes;
const headerBytes = 16; // of the frame, in its first sector: magic, sequence (64 bits), payload length
const magic = 0x31524651; // "QFR1" in the file

/** Sectors that a payload takes as a frame. */
export function frameSectors(payloadBytes: number): number {
  return Math.ceil((headerBytes + payloadBytes) / bodyBytes);
}

/**
 * CRC-32 seeded with the sector's place, so that a sector found elsewhere does not fit; never 0, so that a written
 * sector is not all zeros.
 */
function sectorCrc(body: Bytes, sequence: number, index: number): number {
  return crc32(body, (sequence + Math.imul(index, 0x9e3779b1)) >>> 0) || 1;
}

/**
 * Makes a frame: whole sectors, each with a CRC of its own.
 *
 * A disk tears a write between sectors. As every sector proves itself, a frame that was torn (sectors missing, the rest
 * intact) differs from one that was damaged later, and each byte of it is covered, padding too.
 */
export function sealFrame(sequence: number, payload: Bytes): Buffer {
  const count = frameSectors(payload.length);
  const frame = Buffer.alloc(count * sectorBytes);
  frame.writeUInt32LE(magic, crcBytes);
  frame.writeBigUInt64LE(BigInt(sequence), crcBytes + 4);
  frame.writeUInt32LE(payload.length, crcBytes + 12);
  let taken = 0;
  for (let index = 0; index < count; index++) {
    const start = index * sectorBytes;
    const end = start + sectorBytes;
    const piece = payload.subarray(taken, taken + bodyBytes - (index === 0 ? headerBytes : 0));
    frame.set(piece, start + crcBytes + (index === 0 ? headerBytes : 0));
    taken += piece.length;
    frame.writeUInt32LE(sectorCrc(frame.subarray(start + crcBytes, end), sequence, index), start);
  }
  return frame;
}

/** Whether the sector at `at` was written as number `index` of frame `sequence`, and is intact. */
export function isSectorOf(bytes: Buffer, at: number, sequence: number, index: number): boolean {
  const body = bytes.subarray(at + crcBytes, at + sectorBytes);
  return bytes.readUInt32LE(at) === sectorCrc(body, sequence, index);
}

/** What an intact first sector says of its frame. */
export interface FrameHead {
  readonly sequence: number;
  readonly payloadBytes: number;
  readonly sectors: number;
}

/** Reads the first sector of a frame; `undefined` if it is none, or damaged. */
export function openHead(bytes: Buffer, at: number): FrameHead | undefined {
  if (bytes.readUInt32LE(at + crcBytes) !== magic) return undefined;
  const sequence = Number(bytes.readBigUInt64LE(at + crcBytes + 4));
  if (!isSectorOf(bytes, at, sequence, 0)) return undefined;
  const payloadBytes = bytes.readUInt32LE(at + crcBytes + 12);
  return { sequence, payloadBytes, sectors: frameSectors(payloadBytes) };
}

/**
 * A copy of the payload of the frame at `at`, all of whose sectors are in `bytes`; `undefined` if one is not intact.
 */
export function openPayload(bytes: Buffer, at: number, head: FrameHead): Buffer | undefined {
  // Records stay views of it: nothing else should be held with them.
  const payload = Buffer.allocUnsafeSlow(head.payloadBytes);
  let taken = 0;
  for (let index = 0; index < head.sectors; index++) {
    const start = at + index * sectorBytes;
    if (!isSectorOf(bytes, start, head.sequence, index)) return undefined;
    const from = start + crcBytes + (index === 0 ? headerBytes : 0);
    taken += bytes.copy(payload, taken, from, Math.min(start + sectorBytes, from + head.payloadBytes - taken));
  }
  return payload;
}
