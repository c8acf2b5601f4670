import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { isNodeId, type NodeId, nodeIdBytesMax } from "../../../base/ids.ts";
import type { Entry, Member, Position, SnapshotName } from "../../replicated-log.ts";

/** First byte of every message and record; a reader refuses versions it does not know. */
export const formatVersion = 1;

/** Most members that one list may name. */
const membersMax = 1000;
const addressBytesMax = 1024;

const entryKinds: readonly Entry["kind"][] = ["none", "payload", "members"];

/** Encodings of entry lists already made: the disk and every follower get the same list, so it is encoded once. */
const encodedLists = new WeakMap<readonly Entry[], Bytes>();

/** A length, then the entries: encoded once, however many want them. */
export function writeEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  let bytes = encodedLists.get(entries);
  if (bytes === undefined) {
    bytes = encodeEntries(entries);
    encodedLists.set(entries, bytes);
  }
  writer.bytes(bytes);
}

function encodeEntries(entries: readonly Entry[]): Bytes {
  let size = 8;
  for (const entry of entries) size += entry.payload.length + 16;
  const writer = new ByteWriter(size).varint(entries.length);
  for (const entry of entries) {
    writer.varint(entry.term).byte(entryKinds.indexOf(entry.kind)).bytes(entry.payload);
  }
  return writer.finish();
}

/** Reads entries; their payloads are views of the input. */
export function readEntries(reader: ByteReader): readonly Entry[] {
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
    entries.push({ term, kind, payload: inner.bytes() });
  }
  inner.finish();
  encodedLists.set(entries, bytes);
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

/** A count, then id and address of each. */
export function writeMembers(writer: ByteWriter, members: readonly Member[]): void {
  writer.varint(members.length);
  for (const member of members) writer.text(member.id).text(member.address);
}

/** Reads members, at most 1000. */
export function readMembers(reader: ByteReader): readonly Member[] {
  const count = reader.varint(membersMax);
  const members: Member[] = [];
  for (let at = 0; at < count; at++) members.push({ id: readNodeId(reader), address: reader.text(addressBytesMax) });
  return members;
}

/** Reads a text that is a well-formed node id. */
export function readNodeId(reader: ByteReader): NodeId {
  const id = reader.text(nodeIdBytesMax);
  if (!isNodeId(id)) throw new MalformedError("a node id is not one");
  return id;
}

/** Reads a byte that is 0 or 1. */
export function readFlag(reader: ByteReader): boolean {
  const byte = reader.byte();
  if (byte > 1) throw new MalformedError("a flag is neither 0 nor 1");
  return byte === 1;
}

/** Reads the version byte, and refuses all versions but ours. */
export function checkVersion(reader: ByteReader): void {
  const version = reader.byte();
  if (version !== formatVersion)
    throw new MalformedError(`format version ${version}; this release reads ${formatVersion}`);
}
