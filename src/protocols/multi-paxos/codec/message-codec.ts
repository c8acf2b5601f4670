import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { bytes, type Field, flag, optional, unionCodec, whole } from "../../../base/union-codec.ts";
import type { Configuration, PaxosMessage } from "../messages.ts";
import { base, configuration, ids, positive, reports, snapshot, updates, version } from "./fields.ts";

/** Longest message, in bytes: what a transport must carry. */
export const messageBytesMax: number = 2 ** 24;

/** The sender's epoch; -1 of who knows nobody is written as 0. */
const epoch: Field<number> = {
  write: (writer, value) => writer.varint(value + 1),
  read: (reader) => reader.varint() - 1,
};

/** What every message says of its sender. */
const stamp = { epoch, aru: whole };

const founding = optional(configuration) as Field<Configuration>;

/** Kinds and fields in the order of the format: new kinds go last, and nothing else ever changes. */
const messages = unionCodec<PaxosMessage>({
  viewChange: { ...stamp, attempted: whole, heard: ids },
  viewProof: { ...stamp, installed: whole, heard: ids, leaderAlive: flag },
  prepare: { ...stamp, view: whole },
  prepareOk: { ...stamp, view: whole, build: whole, part: whole, parts: positive, reports },
  proposal: { ...stamp, view: whole, first: positive, updates, ordered: whole, stable: whole },
  accept: { ...stamp, view: whole, first: positive, last: whole },
  heartbeat: { ...stamp, view: whole, ordered: whole, stable: whole, round: whole },
  heartbeatOk: { ...stamp, view: whole, round: whole },
  clientUpdate: { ...stamp, updates, hops: whole },
  read: { ...stamp, life: whole, ask: whole },
  readOk: { ...stamp, life: whole, ask: whole, index: whole },
  reconcile: { ...stamp, first: whole },
  reconcileData: { ...stamp, first: positive, updates, founding },
  offer: { ...stamp, snapshot, base },
  fetch: { ...stamp, snapshot, offset: whole },
  chunk: { ...stamp, snapshot, offset: whole, bytes },
  transfer: { ...stamp, view: whole },
});

/** The message as bytes: a version, which of the groups on one link it is for, its kind, its stamp, its fields. */
export function encodeMessage(message: PaxosMessage, group = 0): Bytes {
  const content = messages.encode(message);
  return new ByteWriter(content.length + 9).byte(version).varint(group).raw(content).finish();
}

/**
 * The message that `bytes` are, for `group` alone; its payloads are views of them.
 *
 * Throws `MalformedError`, and nothing else, for anything that `encodeMessage` did not make.
 */
export function decodeMessage(bytes: Bytes, group = 0): PaxosMessage {
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
