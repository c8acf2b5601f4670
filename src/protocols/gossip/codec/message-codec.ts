import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { isNodeId } from "../../../base/ids.ts";
import { unreachable } from "../../../base/invariant.ts";
import type { Cover, Digest, GossipMessage, Header, LinkReport, Numbers, Range, Rumour } from "../messages.ts";

/** A message's place in this list is its number on the wire: only ever add at the end. */
const kinds: readonly GossipMessage["kind"][] = ["batch", "ack", "digest", "reports"];

/** The first byte of each message. */
const version = 1;

/** Longest message, in bytes: what a transport must carry. */
export const messageBytesMax: number = 2 ** 24;

/** Longest name of an origin: a node's, `#`, and a whole number. */
const originBytesMax = 64 + 1 + 16;

/** Which fields that may be missing are there, one bit each. */
const [hasDue, hasAnswers, hasExtra] = [1, 2, 4];

/** The message as bytes: a version, which of the groups on one link it is for, its kind, its fields. */
export function encodeMessage(message: GossipMessage, group = 0): Bytes {
  const writer = new ByteWriter(256);
  writer.byte(version).varint(group).byte(kinds.indexOf(message.kind));
  writeHeader(writer, message, extraOf(message) !== undefined);
  switch (message.kind) {
    case "batch":
      writer.varint(message.number).byte(message.isUrgent ? 1 : 0);
      writeList(writer, message.rumours, writeRumour);
      writeDigest(writer, message.gone);
      writeDigest(writer, message.knows);
      if (message.cover !== undefined) writeCover(writer, message.cover);
      break;
    case "ack":
      writeDigest(writer, message.knows);
      if (message.cover !== undefined) writeCover(writer, message.cover);
      break;
    case "digest":
      writer
        .varint(message.number ?? 0)
        .varint(message.hash)
        .byte(message.asks ? 1 : 0);
      if (message.knows !== undefined) writeDigest(writer, message.knows);
      break;
    case "reports":
      writeList(writer, message.reports, writeReport);
      break;
    default:
      return unreachable(message);
  }
  return writer.finish();
}

/** Reads what `encodeMessage` wrote, of the same group; anything else is a `MalformedError`. */
export function decodeMessage(bytes: Bytes, group = 0): GossipMessage {
  if (bytes.length > messageBytesMax) throw new MalformedError(`over ${messageBytesMax} bytes`);
  const reader = new ByteReader(bytes);
  if (reader.byte() !== version) throw new MalformedError("of a version that is not known");
  if (reader.varint() !== group) throw new MalformedError("of another group");
  const kind = kinds[reader.byte()];
  const flags = reader.byte();
  const message = readFields(reader, kind, readHeader(reader, flags), (flags & hasExtra) !== 0);
  reader.finish();
  return message;
}

function extraOf(message: GossipMessage): unknown {
  if (message.kind === "reports") return undefined;
  return message.kind === "digest" ? message.knows : message.cover;
}

function readFields(
  reader: ByteReader,
  kind: GossipMessage["kind"] | undefined,
  header: Header,
  isExtra: boolean,
): GossipMessage {
  switch (kind) {
    case "batch": {
      const number = reader.varint();
      const isUrgent = reader.varint(1) === 1;
      const rumours = readList(reader, readRumour);
      const [gone, knows] = [readDigest(reader), readDigest(reader)];
      return { kind, ...header, number, rumours, gone, knows, isUrgent, ...(isExtra && { cover: readCover(reader) }) };
    }
    case "ack":
      return { kind, ...header, knows: readDigest(reader), ...(isExtra && { cover: readCover(reader) }) };
    case "digest": {
      const number = reader.varint();
      const hash = reader.varint();
      const asks = reader.varint(1) === 1;
      return {
        ...{ kind, ...header, hash, asks },
        ...(number > 0 && { number }),
        ...(isExtra && { knows: readDigest(reader) }),
      };
    }
    case "reports":
      return { kind, ...header, reports: readList(reader, readReport) };
    case undefined:
      throw new MalformedError("of a kind that is not known");
    default:
      return unreachable(kind);
  }
}

function writeHeader(writer: ByteWriter, { incarnation, links, dueTicks, answers }: Header, isExtra: boolean): void {
  const due = dueTicks === undefined ? 0 : hasDue;
  const answered = answers === undefined ? 0 : hasAnswers;
  writer.byte(due | answered | (isExtra ? hasExtra : 0));
  writer.varint(incarnation).varint(links);
  if (dueTicks !== undefined) writer.varint(dueTicks);
  if (answers !== undefined) writer.varint(answers.incarnation).varint(answers.number).varint(answers.heldTicks);
}

function readHeader(reader: ByteReader, flags: number): Header {
  const incarnation = reader.varint();
  const links = reader.varint();
  const due = (flags & hasDue) !== 0 && { dueTicks: reader.varint() };
  if ((flags & hasAnswers) === 0) return { incarnation, links, ...due };
  const answers = { incarnation: reader.varint(), number: reader.varint(), heldTicks: reader.varint() };
  return { incarnation, links, ...due, answers };
}

function writeDigest(writer: ByteWriter, digest: Digest): void {
  writeList(writer, digest, (to, { origin, ranges }) => {
    to.text(origin);
    let before = 0;
    writeList(to, ranges, (list, [first, last]) => {
      list.varint(first - before - 1).varint(last - first);
      before = last;
    });
  });
}

/** Ranges are written as distances: whatever is read is in order, and apart if no distance but the first is 0. */
function readDigest(reader: ByteReader): Digest {
  return readList(reader, (from): Numbers => {
    const origin = readOrigin(from);
    let before = 0;
    const ranges = readList(from, (list): Range => {
      const gap = list.varint();
      if (gap === 0 && before > 0) throw new MalformedError("ranges touch");
      const first = before + 1 + gap;
      before = first + list.varint();
      if (!Number.isSafeInteger(before)) throw new MalformedError("a range has no end");
      return [first, before];
    });
    if (ranges.length === 0) throw new MalformedError("an origin without numbers");
    return { origin, ranges };
  });
}

function writeRumour(writer: ByteWriter, { origin, first, payloads }: Rumour): void {
  writer.text(origin).varint(first);
  writeList(writer, payloads, (to, payload) => to.bytes(payload));
}

function readRumour(reader: ByteReader): Rumour {
  const origin = readOrigin(reader);
  const first = reader.varint();
  const payloads = readList(reader, (from) => from.bytes());
  if (first < 1 || payloads.length === 0) throw new MalformedError("a rumour without payloads or number");
  if (!Number.isSafeInteger(first + payloads.length)) throw new MalformedError("a number is too large");
  return { origin, first, payloads };
}

function writeCover(writer: ByteWriter, { tree, holds, asks }: Cover): void {
  writer.varint(tree).byte(asks ? 1 : 0);
  writeDigest(writer, holds);
}

function readCover(reader: ByteReader): Cover {
  const tree = reader.varint();
  const asks = reader.varint(1) === 1;
  return { tree, holds: readDigest(reader), asks };
}

function writeReport(writer: ByteWriter, { node, incarnation, version: count, down }: LinkReport): void {
  writer.text(node).varint(incarnation).varint(count);
  writeList(writer, down, (to, id) => to.text(id));
}

function readReport(reader: ByteReader): LinkReport {
  const node = readNode(reader);
  const [incarnation, count] = [reader.varint(), reader.varint()];
  return { node, incarnation, version: count, down: readList(reader, readNode) };
}

function readNode(reader: ByteReader): string {
  const id = reader.text(originBytesMax);
  if (!isNodeId(id)) throw new MalformedError("not the name of a node");
  return id;
}

function readOrigin(reader: ByteReader): string {
  const origin = reader.text(originBytesMax);
  if (!isOrigin(origin)) throw new MalformedError("not the name of an origin");
  return origin;
}

/** Whether a text names a node in one of its lives. */
export function isOrigin(text: string): boolean {
  const at = text.indexOf("#");
  return at > 0 && isNodeId(text.slice(0, at)) && /^\d{1,16}$/.test(text.slice(at + 1));
}

function writeList<Item>(
  writer: ByteWriter,
  items: readonly Item[],
  write: (writer: ByteWriter, item: Item) => void,
): void {
  writer.varint(items.length);
  for (const item of items) write(writer, item);
}

/** Each item takes at least a byte: a count beyond what is left is refused before anything is made of it. */
function readList<Item>(reader: ByteReader, read: (reader: ByteReader) => Item): Item[] {
  const count = reader.varint(reader.remaining);
  return Array.from({ length: count }, () => read(reader));
}
