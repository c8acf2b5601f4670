import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { isNodeId, type NodeId, nodeIdBytesMax } from "../../../base/ids.ts";
import { unreachable } from "../../../base/invariant.ts";
import { readMembers, readMembership, writeMembers, writeMembership } from "../../membership-codec.ts";
import { membershipOf } from "../../replicated-log.ts";
import type { RaftRecord } from "../messages.ts";
import {
  readEntries,
  readFlag,
  readPosition,
  readSnapshot,
  readVersion,
  versionNewest,
  writeEntries,
  writePosition,
  writeSnapshot,
} from "./fields.ts";

/** Records that go into a log; pieces of snapshots go to the store of snapshots. */
export type LoggedRecord = Exclude<RaftRecord, { kind: "chunk" }>;

/** A record's place in this list is its number on disk: only ever add at the end. */
export const recordKinds: readonly LoggedRecord["kind"][] = ["state", "entries", "base"];

/** The record as bytes; its kind is stored beside it. */
export function encodeRecord(record: LoggedRecord): Bytes {
  const version = versionOf(record);
  const writer = new ByteWriter(64).byte(version);
  switch (record.kind) {
    case "state":
      writer.varint(record.term).text(record.votedFor ?? "");
      if (record.joining !== undefined) writer.varint(record.joining);
      return writer.finish();
    case "entries":
      writeEntries(writer.varint(record.from), record.entries);
      return writer.finish();
    case "base":
      writePosition(writer, record.base);
      writer.byte(record.snapshot === undefined ? 0 : 1);
      if (record.snapshot !== undefined) writeSnapshot(writer, record.snapshot);
      if (version === 1) writeMembers(writer, record.membership.members);
      else writeMembership(writer, record.membership);
      return writer.finish();
    default:
      return unreachable(record);
  }
}

/** The oldest version that can say it: whoever cannot count a membership must not read past one. */
function versionOf(record: LoggedRecord): number {
  switch (record.kind) {
    case "state":
      return record.joining === undefined ? 1 : 2;
    case "entries":
      return record.entries.some((entry) => entry.kind === "members") ? 2 : 1;
    case "base":
      return record.membership.outgoing.length + record.membership.learners.length === 0 ? 1 : 2;
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
  const version = readVersion(reader, versionNewest);
  const record = readRecord(reader, kind, version);
  reader.finish();
  if (versionOf(record) < version) throw new MalformedError(`a ${kind} record is not of format version ${version}`);
  return record;
}

function readRecord(reader: ByteReader, kind: LoggedRecord["kind"], version: number): LoggedRecord {
  switch (kind) {
    case "state": {
      const term = reader.varint();
      const votedFor = readVote(reader);
      return { kind, term, votedFor, ...(version > 1 && { joining: reader.varint() }) };
    }
    case "entries":
      return { kind, from: reader.varint(), entries: readEntries(reader, version) };
    case "base": {
      const base = readPosition(reader);
      const snapshot = readFlag(reader) ? readSnapshot(reader) : undefined;
      const membership = version === 1 ? membershipOf(readMembers(reader)) : readMembership(reader);
      return { kind, base, snapshot, membership };
    }
    default:
      return unreachable(kind);
  }
}

/** A member's id; nobody's is empty. */
function readVote(reader: ByteReader): NodeId | undefined {
  const id = reader.text(nodeIdBytesMax);
  if (id !== "" && !isNodeId(id)) throw new MalformedError("a node id is not one");
  return id === "" ? undefined : id;
}
