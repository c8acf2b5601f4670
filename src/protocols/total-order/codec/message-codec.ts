import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { bytes, flag, unionCodec, whole } from "../../../base/union-codec.ts";
import type { TotalOrderMessage } from "../messages.ts";
import { ballot, decree, frame, framesBySender, header, member, stamp, vector, vote } from "./fields.ts";

/** Version of the format, the first byte of each message and record. */
const version = 1;

/** Longest message, in bytes: what a transport must carry. */
export const messageBytesMax: number = 2 ** 24;

/** Kinds and fields in the order of the format: new kinds go last, and nothing else ever changes. */
const messages = unionCodec<TotalOrderMessage>({
  data: { stamp, header, frame },
  null: { stamp, header, missing: flag },
  prepare: { stamp, ballot, received: vector },
  promise: {
    stamp,
    ballot,
    clock: whole,
    received: vector,
    accepted: vote,
    extra: framesBySender,
    restored: flag,
    leaving: flag,
  },
  refuse: { stamp, ballot },
  accept: { stamp, ballot, decree },
  accepted: { stamp, ballot },
  install: { stamp, decree },
  excluded: { stamp, yours: whole },
  join: { stamp, applicant: member },
  state: { stamp, position: whole, offset: whole, bytes, last: flag },
  stateAck: { stamp, offset: whole },
});

/** The message as bytes: a version, which of the groups on one link it is for, its kind, its fields. */
export function encodeMessage(message: TotalOrderMessage, group = 0): Bytes {
  const content = messages.encode(message);
  return new ByteWriter(content.length + 9).byte(version).varint(group).raw(content).finish();
}

/**
 * The message that `bytes` are, for `group` alone.
 *
 * Throws `MalformedError`, and nothing else, for anything that `encodeMessage` did not make.
 */
export function decodeMessage(bytes: Bytes, group = 0): TotalOrderMessage {
  if (bytes.length > messageBytesMax) throw new MalformedError(`a message of ${bytes.length} bytes`);
  const reader = new ByteReader(bytes);
  readVersion(reader);
  if (reader.varint() !== group) throw new MalformedError("a message is for another group");
  return messages.decode(reader.raw(reader.remaining));
}

/** Reads the version byte, and refuses one that this release does not know. */
export function readVersion(reader: ByteReader): void {
  const found = reader.byte();
  if (found !== version) throw new MalformedError(`format version ${found}; this release reads ${version}`);
}
