import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { checked, type Field, flag, optional, union, whole } from "../../../base/union-codec.ts";
import { readVersion } from "../../message-frame.ts";
import type { PaxosRecord, Update } from "../messages.ts";
import { base, positive, snapshot, updates, version } from "./fields.ts";

/** Records that go into a log; pieces of snapshots go to the store of snapshots. */
export type LoggedRecord = Exclude<PaxosRecord, { kind: "chunk" }>;

/** A record's place in this list is its number on disk: only ever add at the end. */
export const recordKinds: readonly LoggedRecord["kind"][] = [
  "view",
  "accepted",
  "learned",
  "ordered",
  "base",
  "pending",
];

/** Kinds in the order of `recordKinds`, and their fields in the order of the format. */
const records = union<LoggedRecord>({
  view: { view: whole },
  accepted: { view: whole, first: positive, updates },
  learned: { first: positive, updates },
  ordered: { through: whole },
  base: { base, snapshot: optional(snapshot) as Field<LoggedBase["snapshot"]>, isOwn: flag, promised: whole },
  pending: { updates: checked(updates, areNamed, "an update that waits is nobody's") },
});

function areNamed(all: readonly Update[]): boolean {
  return all.every(({ client }) => client !== 0);
}

type LoggedBase = Extract<LoggedRecord, { kind: "base" }>;

/** The record as bytes; its kind is stored beside it as well. */
export function encodeRecord(record: LoggedRecord): Bytes {
  const writer = new ByteWriter().byte(version);
  records.write(writer, record);
  return writer.finish();
}

/**
 * The record that `bytes` are.
 *
 * Throws `MalformedError`, and nothing else, for anything that `encodeRecord` did not make.
 */
export function decodeRecord(kindNumber: number, bytes: Bytes): LoggedRecord {
  const reader = new ByteReader(bytes);
  readVersion(reader, version);
  const record = records.read(reader);
  reader.finish();
  if (record.kind !== recordKinds[kindNumber]) throw new MalformedError(`not a record of kind ${kindNumber}`);
  return record.kind === "base" ? { ...record, snapshot: record.snapshot } : record; // named, though it be none
}
