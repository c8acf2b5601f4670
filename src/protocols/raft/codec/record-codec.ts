import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { unreachable } from "../../../base/invariant.ts";
import type { RaftRecord } from "../messages.ts";
import {
  checkVersion,
  formatVersion,
  readEntries,
  readFlag,
  readMembers,
  readNodeId,
  readPosition,
  readSnapshot,
  writeEntries,
  writeMembers,
  writePosition,
  writeSnapshot,
} from "./fields.ts";

/** Records that go into a log; pieces of snapshots go to the store of snapshots. */
export type LoggedRecord = Exclude<RaftRecord, { kind: "chunk" }>;

/** A record's place in this list is its number on disk: only ever add at the end. */
export const recordKinds: readonly LoggedRecord["kind"][] = ["state", "entries", "base"];

/** The record as bytes; its kind is stored beside it. */
export function encodeRecord(record: LoggedRecord): Bytes {
  const writer = new ByteWriter(64).byte(formatVersion);
  switch (record.kind) {
    case "state":
      return writer
        .varint(record.term)
        .text(record.votedFor ?? "")
        .finish();
    case "entries":
      writeEntries(writer.varint(record.from), record.entries);
      return writer.finish();
    case "base":
      writePosition(writer, record.base);
      writer.byte(record.snapshot === undefined ? 0 : 1);
      if (record.snapshot !== undefined) writeSnapshot(writer, record.snapshot);
      writeMembers(writer, record.members);
      return writer.finish();
    default:
      return unreachable(record);
  }
}

/**
 * The record that `bytes` are.
 *
 * Throws `MalformedError`, and nothing else, for anything that `encodeRecord` did not make.
 */
export function decodeRecord(kindNumber: number, bytes: Bytes): LoggedRecord {
  const kind = recordKinds[kindNumber];
  if (kind === undefined) throw new MalformedError(`unknown kind of record ${kindNumber}`);
  const reader = new ByteReader(bytes);
  checkVersion(reader);
  const record = readRecord(reader, kind);
  reader.finish();
  return record;
}

function readRecord(reader: ByteReader, kind: LoggedRecord["kind"]): LoggedRecord {
  switch (kind) {
    case "state": {
      const term = reader.varint();
      const hasVoted = reader.remaining > 1;
      if (!hasVoted) reader.text(0);
      return { kind, term, votedFor: hasVoted ? readNodeId(reader) : undefined };
    }
    case "entries":
      return { kind, from: reader.varint(), entries: readEntries(reader) };
    case "base": {
      const base = readPosition(reader);
      const snapshot = readFlag(reader) ? readSnapshot(reader) : undefined;
      return { kind, base, snapshot, members: readMembers(reader) };
    }
    default:
      return unreachable(kind);
  }
}
