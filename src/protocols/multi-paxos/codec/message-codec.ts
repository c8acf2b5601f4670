import type { Bytes } from "../../../base/bytes.ts";
import { bytes, type Field, flag, optional, union, whole } from "../../../base/union-codec.ts";
import { frameMessage, unframeMessage } from "../../message-frame.ts";
import type { Configuration, PaxosMessage } from "../messages.ts";
import { base, configuration, ids, positive, reports, snapshot, updates, version } from "./fields.ts";

export { messageBytesMax } from "../../message-frame.ts";

/** The sender's epoch; -1 of who knows nobody is written as 0. */
const epoch: Field<number> = {
  write: (writer, value) => writer.varint(value + 1),
  read: (reader) => reader.varint() - 1,
};

/** What every message says of its sender. */
const stamp = { epoch, aru: whole };

const founding = optional(configuration) as Field<Configuration>;

/** Kinds and fields in the order of the format: new kinds go last, and nothing else ever changes. */
const messages = union<PaxosMessage>({
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
  readOk: { ...stamp, life: whole, ask: whole, next: whole },
  reconcile: { ...stamp, first: whole },
  reconcileData: { ...stamp, first: positive, updates, founding },
  offer: { ...stamp, snapshot, base },
  fetch: { ...stamp, snapshot, offset: whole },
  chunk: { ...stamp, snapshot, offset: whole, bytes },
  transfer: { ...stamp, view: whole },
  grant: { ...stamp, view: whole, round: whole, clock: whole },
  heirPrepare: { ...stamp, view: whole, appointedIn: whole },
  leaseRead: { ...stamp, life: whole, ask: whole },
});

/** The message as bytes: a version, which of the groups on one link it is for, its kind, its stamp, its fields. */
export function encodeMessage(message: PaxosMessage, group = 0): Bytes {
  return frameMessage(messages, message, version, group);
}

/**
 * The message that `bytes` are, for `group` alone; its payloads are views of them.
 *
 * Throws `MalformedError`, and nothing else, for anything that `encodeMessage` did not make.
 */
export function decodeMessage(bytes: Bytes, group = 0): PaxosMessage {
  return unframeMessage(messages, bytes, version, group);
}
