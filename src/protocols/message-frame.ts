import { ByteReader, type Bytes, ByteWriter } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import type { Field } from "../base/union-codec.ts";

/** Longest message, in bytes: what a transport must carry. */
export const messageBytesMax: number = 2 ** 24;

/** A message as it travels: the version of its format, which of the groups on one link it is for, and its content. */
export function frameMessage<Message>(field: Field<Message>, message: Message, version: number, group: number): Bytes {
  const writer = new ByteWriter().byte(version).varint(group);
  field.write(writer, message);
  return writer.finish();
}

/** The message that `frameMessage` made, for `group` alone. Throws `MalformedError` for anything else. */
export function unframeMessage<Message>(field: Field<Message>, bytes: Bytes, version: number, group: number): Message {
  if (bytes.length > messageBytesMax) throw new MalformedError(`a message of ${bytes.length} bytes`);
  const reader = new ByteReader(bytes);
  readVersion(reader, version);
  if (reader.varint() !== group) throw new MalformedError("a message is for another group");
  const message = field.read(reader);
  reader.finish();
  return message;
}

/** Reads the version byte, and refuses another than `version`. */
export function readVersion(reader: ByteReader, version: number): void {
  const found = reader.byte();
  if (found !== version) throw new MalformedError(`format version ${found}; this release reads ${version}`);
}
