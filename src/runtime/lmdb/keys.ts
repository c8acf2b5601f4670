import { ByteReader, type Bytes, ByteWriter } from "../../base/bytes.ts";
import type { SnapshotName } from "../../protocols/replicated-log.ts";

/** The file in a database's directory that holds everything. */
export const dataFileName = "data.mdb";

/** The format of what the database holds that this release writes. It reads this one. */
export const databaseVersion = 1;

/** The first byte of a key: what the value is. They are stored in this order. */
export const space = { format: 1, snapshot: 0x10, content: 0x11, receiving: 0x12, frame: 0x20 } as const;

/** Where the format of the database is kept. */
export const formatKey: Bytes = Uint8Array.of(space.format);

/** Where it is kept what snapshot is being received. */
export const receivingKey: Bytes = Uint8Array.of(space.receiving);

/** Keys from `from` on, up to but not including `before`. */
export interface KeyRange {
  readonly from: Bytes;
  readonly before: Bytes;
}

/** A key of a space and whole numbers: such keys are in the order of their numbers. */
function numbered(kind: number, ...numbers: readonly number[]): Bytes {
  const key = Buffer.alloc(1 + 8 * numbers.length);
  key[0] = kind;
  for (const [at, number] of numbers.entries()) key.writeBigUInt64BE(BigInt(number), 1 + 8 * at);
  return key;
}

function numberOf(key: Bytes, place: number): number {
  return Number(Buffer.from(key.buffer, key.byteOffset, key.length).readBigUInt64BE(1 + 8 * place));
}

/** A frame of the log. */
export function frameKey(sequence: number): Bytes {
  return numbered(space.frame, sequence);
}

/** Which frame is kept under a key. */
export function frameOf(key: Bytes): number {
  return numberOf(key, 0);
}

/** A complete snapshot; its value says which content it has. */
export function snapshotKey({ index, term, bytes, checksum }: SnapshotName): Bytes {
  return numbered(space.snapshot, index, term, bytes, checksum);
}

/** Which snapshot is kept under a key. */
export function snapshotOf(key: Bytes): SnapshotName {
  return { index: numberOf(key, 0), term: numberOf(key, 1), bytes: numberOf(key, 2), checksum: numberOf(key, 3) };
}

/** A piece of a snapshot's content. */
export function contentKey(content: number, offset: number): Bytes {
  return numbered(space.content, content, offset);
}

/** Which piece is kept under a key. */
export function contentOf(key: Bytes): { readonly content: number; readonly offset: number } {
  return { content: numberOf(key, 0), offset: numberOf(key, 1) };
}

/** All keys of one kind. */
export function allOf(kind: number): KeyRange {
  return { from: Uint8Array.of(kind), before: Uint8Array.of(kind + 1) };
}

/** A single key. */
export function justThis(key: Bytes): KeyRange {
  const before = new Uint8Array(key.length + 1);
  before.set(key);
  return { from: key, before };
}

/** All pieces of one content. */
export function allOfContent(content: number): KeyRange {
  return { from: contentKey(content, 0), before: contentKey(content + 1, 0) };
}

/** The value of a complete snapshot. */
export function encodeContentNumber(content: number): Bytes {
  return new ByteWriter().varint(content).finish();
}

/** Throws `MalformedError`. */
export function decodeContentNumber(value: Bytes): number {
  const reader = new ByteReader(value);
  const content = reader.varint();
  reader.finish();
  return content;
}

/** A snapshot being received: which, how far it is, the CRC-32 of that, and where its content lies. */
export interface StoredProgress {
  readonly snapshot: SnapshotName;
  readonly received: number;
  readonly checksum: number;
  readonly content: number;
}

/** The value of what is being received. */
export function encodeProgress({ snapshot, received, checksum, content }: StoredProgress): Bytes {
  const writer = new ByteWriter().varint(snapshot.index).varint(snapshot.term).varint(snapshot.bytes);
  return writer.varint(snapshot.checksum).varint(received).varint(checksum).varint(content).finish();
}

/** Throws `MalformedError`. */
export function decodeProgress(value: Bytes): StoredProgress {
  const reader = new ByteReader(value);
  const [index, term, bytes, checksum] = [reader.varint(), reader.varint(), reader.varint(), reader.varint()];
  const progress = { received: reader.varint(), checksum: reader.varint(), content: reader.varint() };
  reader.finish();
  return { snapshot: { index, term, bytes, checksum }, ...progress };
}

/** The head of a frame: which frames are there besides. */
export interface FrameHead {
  /** The oldest frame that was kept when this one was stored. */
  readonly oldest: number;
  /** The first frame of the block that this one is in: it begins with the latest records. */
  readonly block: number;
}

/** A frame of the log: its head, then records as `encodeRecords` writes them. */
export function encodeFrame({ oldest, block }: FrameHead, records: Bytes): Bytes {
  return new ByteWriter(records.length + 16).varint(oldest).varint(block).raw(records).finish();
}

/** Throws `MalformedError`. */
export function decodeFrame(value: Bytes): FrameHead & { readonly records: Bytes } {
  const reader = new ByteReader(value);
  return { oldest: reader.varint(), block: reader.varint(), records: reader.raw(reader.remaining) };
}
