import { ByteReader, type Bytes, ByteWriter } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";

/** Longest message, in bytes: what a transport must carry. */
export const messageBytesMax: number = 2 ** 24;

/** A message as it travels: the version of its format, which of the groups on one link it is for, and its content. */
export function frameMessage(content: Bytes, version: number, group: number): Bytes {
  return new ByteWriter(content.length + 9).byte(version).varint(group).raw(content).finish();
}

/** The content of what `frameMessage` made, for `group` alone; a view. Throws `MalformedError` for anything else. */
export function unframeMessage(bytes: Bytes, version: number, group: number): Bytes {
  if (bytes.length > messageBytesMax) throw new MalformedError(`a message of ${bytes.length} bytes`);
  const reader = new ByteReader(bytes);
  readVersion(reader, version);
  if (reader.varint() !== group) throw new MalformedError("a message is for another group");
  return reader.raw(reader.remaining);
}

/** Reads the version byte, and refuses another than `version`. */
export function readVersion(reader: ByteReader, version: number): void {
  const found = reader.byte();
  if (found !== version) throw new MalformedError(`format version ${found}; this release reads ${version}`);
}
