import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { decodeMembership } from "../../membership-codec.ts";
import type { Entry, Position, SnapshotName } from "../../replicated-log.ts";

/** The newest version of what is said and stored: the first byte of each message and record. */
export const versionNewest = 2;

const entryKinds: readonly Entry["kind"][] = ["none", "payload", "members"];

/** Encodings of long lists already made: the disk and every follower get the same list, so it is encoded once. */
const encodedLists = new WeakMap<readonly Entry[], Bytes>();

/** Shorter lists are encoded anew sooner than remembered, found, and forgotten by the garbage collector. */
const longListLength = 8;

/** A length, then the entries: a long list is encoded once, however many want it. */
export function writeEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  writer.bytes(encodedLists.get(entries) ?? encodeEntries(entries));
}

function encodeEntries(entries: readonly Entry[]): Bytes {
  let size = 8;
  for (const entry of entries) size += entry.payload.length + 16;
  const writer = new ByteWriter(size).varint(entries.length);
  for (const entry of entries) {
    writer.varint(entry.term).byte(entryKinds.indexOf(entry.kind)).bytes(entry.payload);
  }
  const bytes = writer.finish();
  remember(entries, bytes);
  return bytes;
}

function remember(entries: readonly Entry[], encoding: Bytes): void {
  if (entries.length >= longListLength) encodedLists.set(entries, encoding);
}

/** Reads entries; their payloads are views of the input. Version 1 left room for memberships and wrote none. */
export function readEntries(reader: ByteReader, version: number): readonly Entry[] {
  const bytes = reader.bytes();
  const inner = new ByteReader(bytes);
  const count = inner.varint(inner.remaining);
  const entries: Entry[] = [];
  let newest = 0;
  for (let at = 0; at < count; at++) {
    const term = inner.varint();
    if (term < newest || term === 0) throw new MalformedError("terms of entries decrease");
    newest = term;
    const kind = entryKinds[inner.byte()];
    if (kind === undefined) throw new MalformedError("unknown kind of entry");
    const payload = inner.bytes();
    if (kind === "members" && version > 1) decodeMembership(payload);
    entries.push({ term, kind, payload });
  }
  inner.finish();
  remember(entries, bytes);
  return entries;
}

/** Index, then term. */
export function writePosition(writer: ByteWriter, position: Position): void {
  writer.varint(position.index).varint(position.term);
}

/** Reads a position. */
export function readPosition(reader: ByteReader): Position {
  return { index: reader.varint(), term: reader.varint() };
}

/** Position, size and checksum. */
export function writeSnapshot(writer: ByteWriter, snapshot: SnapshotName): void {
  writePosition(writer, snapshot);
  writer.varint(snapshot.bytes).varint(snapshot.checksum);
}

/** Reads a snapshot's name. */
export function readSnapshot(reader: ByteReader): SnapshotName {
  const { index, term } = readPosition(reader);
  return { index, term, bytes: reader.varint(), checksum: reader.varint(2 ** 32 - 1) };
}

/** Reads a byte that is 0 or 1. */
export function readFlag(reader: ByteReader): boolean {
  const byte = reader.byte();
  if (byte > 1) throw new MalformedError("a flag is neither 0 nor 1");
  return byte === 1;
}

/** Reads the version byte, and refuses versions that do not exist or that the reader does not know. */
export function readVersion(reader: ByteReader, newest: number): number {
  const version = reader.byte();
  if (version < 1 || version > newest) {
    throw new MalformedError(`format version ${version}; this release reads 1 to ${newest}`);
  }
  return version;
}
