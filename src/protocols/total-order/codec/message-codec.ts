import type { Bytes } from "../../../base/bytes.ts";
import { bytes, flag, union, whole } from "../../../base/union-codec.ts";
import { frameMessage, unframeMessage } from "../../message-frame.ts";
import type { TotalOrderMessage } from "../messages.ts";
import { ballot, decree, frame, framesBySender, header, member, stamp, vector, vote } from "./fields.ts";

export { messageBytesMax } from "../../message-frame.ts";

/** Version of the format, the first byte of each message and record. */
export const version = 1;

/** Kinds and fields in the order of the format: new kinds go last, and nothing else ever changes. */
const messages = union<TotalOrderMessage>({
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
  return frameMessage(messages, message, version, group);
}

/**
 * The message that `bytes` are, for `group` alone.
 *
 * Throws `MalformedError`, and nothing else, for anything that `encodeMessage` did not make.
 */
export function decodeMessage(bytes: Bytes, group = 0): TotalOrderMessage {
  return unframeMessage(messages, bytes, version, group);
}
