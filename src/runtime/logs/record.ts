import { ByteReader, type Bytes, ByteWriter } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import type { LogRecord, Positions } from "./log.ts";

const isLatest = 1;
const hasPositions = 2;
const hasDropThrough = 4;
const isInPlace = 8; // positions that replace just themselves; written by protocols that need it alone
const flagsMax = isLatest | hasPositions | hasDropThrough | isInPlace;

/** The payload of a frame: records one after the other. */
export function encodeRecords(records: Iterable<LogRecord>, bytesExpected: number): Bytes {
  const writer = new ByteWriter(bytesExpected);
  for (const record of records) {
    const { group, kind, bytes, latest, positions, dropThrough } = record;
    const held = positions === undefined ? 0 : hasPositions | (positions.inPlace ? isInPlace : 0);
    const flags = (latest ? isLatest : 0) | held | (dropThrough === undefined ? 0 : hasDropThrough);
    writer.varint(group).byte(kind).byte(flags);
    if (positions !== undefined) writer.varint(positions.first).varint(positions.count);
    if (dropThrough !== undefined) writer.varint(dropThrough);
    writer.bytes(bytes);
  }
  return writer.finish();
}

/** The records of a frame; their bytes are views of `payload`. Throws `MalformedError`. */
export function decodeRecords(payload: Bytes): readonly LogRecord[] {
  const reader = new ByteReader(payload);
  const records: LogRecord[] = [];
  while (reader.remaining > 0) {
    const group = reader.varint();
    const kind = reader.byte();
    const flags = reader.byte();
    const isKnown = flags <= flagsMax && ((flags & isInPlace) === 0 || (flags & hasPositions) !== 0);
    if (!isKnown) throw new MalformedError(`a record has unknown flags ${flags}`);
    const positions = flags & hasPositions ? readPositions(reader, flags) : undefined;
    const dropThrough = flags & hasDropThrough ? reader.varint() : undefined;
    records.push({
      group,
      kind,
      ...(flags & isLatest && { latest: true }),
      ...(positions && { positions }),
      ...(dropThrough !== undefined && { dropThrough }),
      bytes: reader.bytes(),
    });
  }
  return records;
}

function readPositions(reader: ByteReader, flags: number): Positions {
  const positions = { first: reader.varint(), count: reader.varint() };
  return flags & isInPlace ? { ...positions, inPlace: true } : positions;
}
