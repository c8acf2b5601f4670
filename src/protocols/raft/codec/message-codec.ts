import { ByteReader, type Bytes, ByteWriter } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { unreachable } from "../../../base/invariant.ts";
import { readMembers, readMembership, writeMembers, writeMembership } from "../../membership-codec.ts";
import { type Entry, type Hindrance, membershipOf } from "../../replicated-log.ts";
import type { Proposal, RaftMessage, Verdict } from "../messages.ts";
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

/** A message's place in this list is its number on the wire: only ever add at the end. */
const kinds: readonly RaftMessage["kind"][] = [
  "preVote",
  "preVoteReply",
  "vote",
  "voteReply",
  "append",
  "appendReply",
  "appendConflict",
  "heartbeat",
  "heartbeatReply",
  "chunk",
  "chunkReply",
  "forward",
  "forwardReply",
  "barrier",
  "barrierReply",
  "timeoutNow",
  "removed",
];

const reasons: readonly Hindrance[] = ["no-leader", "busy", "too-large", "stopping", "disk-full"];

/** Longest message, in bytes: what a transport must carry. */
export const messageBytesMax: number = 2 ** 24;

/** The message as bytes: a version, which of the groups on one link it is for, its kind, its term, its fields. */
export function encodeMessage(message: RaftMessage, group = 0): Bytes {
  const writer = new ByteWriter(message.kind === "chunk" ? message.bytes.length + 256 : 64);
  const version = versionOf(message);
  writer.byte(version).varint(group).byte(kinds.indexOf(message.kind)).varint(message.term);
  writeFields(writer, message, version);
  if (version > 1) writeNewFields(writer, message);
  return writer.finish();
}

/** The oldest version that can say it. */
function versionOf(message: RaftMessage): number {
  switch (message.kind) {
    case "timeoutNow":
    case "removed":
      return 2;
    case "vote":
      return message.isHandedOver ? 2 : 1;
    case "barrier":
      return message.isLeaseEnough ? 2 : 1;
    case "heartbeatReply":
      return message.session === undefined && message.clock === undefined ? 1 : 2;
    case "chunk": {
      const { outgoing, learners } = message.membership;
      return message.session === undefined && outgoing.length + learners.length === 0 ? 1 : 2;
    }
    case "append":
    case "appendReply":
    case "appendConflict":
    case "heartbeat":
    case "chunkReply":
      return message.session === undefined ? 1 : 2;
    default:
      return 1;
  }
}

/** What version 2 adds behind the fields of version 1. */
function writeNewFields(writer: ByteWriter, message: RaftMessage): void {
  switch (message.kind) {
    case "append":
    case "appendReply":
    case "appendConflict":
    case "heartbeat":
    case "chunk":
    case "chunkReply":
      writer.varint(message.session ?? 0);
      return;
    case "heartbeatReply":
      writer.varint(message.session ?? 0).varint(message.clock === undefined ? 0 : message.clock + 1);
      return;
    default:
      return;
  }
}

function writeFields(writer: ByteWriter, message: RaftMessage, version: number): void {
  switch (message.kind) {
    case "preVote":
    case "vote":
      return writePosition(writer, message.last);
    case "preVoteReply":
    case "voteReply":
      writer.byte(message.granted ? 1 : 0);
      return;
    case "append":
      writePosition(writer, message.previous);
      writer.varint(message.commit);
      return writeEntries(writer, message.entries);
    case "appendReply":
      writer.varint(message.match);
      return;
    case "appendConflict":
      writer.varint(message.rejected);
      return writePosition(writer, message.hint);
    case "heartbeat":
      writer.varint(message.commit).varint(message.round).varint(message.sent);
      return;
    case "heartbeatReply":
      writer
        .varint(message.round)
        .varint(message.match)
        .byte(message.missing ? 1 : 0);
      return;
    case "chunk":
      writeSnapshot(writer, message.snapshot);
      if (version === 1) writeMembers(writer, message.membership.members);
      else writeMembership(writer, message.membership);
      writer.varint(message.offset).bytes(message.bytes);
      return;
    case "chunkReply":
      writeSnapshot(writer, message.snapshot);
      writer.varint(message.received);
      return;
    case "forward":
      return writeProposals(writer.varint(message.life).varint(message.number), message.proposals);
    case "forwardReply":
      return writeVerdicts(writer.varint(message.life), message.verdicts);
    case "barrier":
      writer.varint(message.life).varint(message.ask);
      return;
    case "barrierReply":
      writer.varint(message.life).varint(message.ask).varint(message.index);
      return;
    case "timeoutNow":
      return;
    case "removed":
      writer.varint(message.index);
      return;
    default:
      return unreachable(message);
  }
}

/**
 * The message that `bytes` are; its payloads are views of them. `newest`: the newest version that the reader speaks.
 *
 * Throws `MalformedError`, and nothing else, for anything that `encodeMessage` did not make.
 */
export function decodeMessage(bytes: Bytes, group = 0, newest: number = versionNewest): RaftMessage {
  if (bytes.length > messageBytesMax) throw new MalformedError(`a message of ${bytes.length} bytes`);
  const reader = new ByteReader(bytes);
  const version = readVersion(reader, newest);
  if (reader.varint() !== group) throw new MalformedError("a message for another group");
  const kind = kinds[reader.byte()];
  if (kind === undefined) throw new MalformedError("unknown kind of message");
  const message = readFields(reader, kind, reader.varint(), version);
  reader.finish();
  if (versionOf(message) !== version) throw new MalformedError(`a ${kind} is not of format version ${version}`);
  return message;
}

function readFields(reader: ByteReader, kind: RaftMessage["kind"], term: number, version: number): RaftMessage {
  switch (kind) {
    case "preVote":
      return { kind, term, last: readPosition(reader) };
    case "vote": {
      const last = readPosition(reader);
      return version > 1 ? { kind, term, last, isHandedOver: true } : { kind, term, last };
    }
    case "preVoteReply":
    case "voteReply":
      return { kind, term, granted: readFlag(reader) };
    case "append":
    case "heartbeat":
    case "chunk":
      return readFromLeader(reader, kind, term, version);
    case "appendReply":
    case "appendConflict":
    case "heartbeatReply":
    case "chunkReply":
      return readFromFollower(reader, kind, term, version);
    case "forward":
      return { kind, term, life: reader.varint(), number: reader.varint(), proposals: readProposals(reader) };
    case "forwardReply":
      return { kind, term, life: reader.varint(), verdicts: readVerdicts(reader) };
    case "barrier": {
      const life = reader.varint();
      const ask = reader.varint();
      return version > 1 ? { kind, term, life, ask, isLeaseEnough: true } : { kind, term, life, ask };
    }
    case "barrierReply":
      return { kind, term, life: reader.varint(), ask: reader.varint(), index: reader.varint() };
    case "timeoutNow":
      return { kind, term };
    case "removed":
      return { kind, term, index: reader.varint() };
    default:
      return unreachable(kind);
  }
}

function readFromLeader(
  reader: ByteReader,
  kind: "append" | "heartbeat" | "chunk",
  term: number,
  version: number,
): RaftMessage {
  switch (kind) {
    case "append": {
      const previous = readPosition(reader);
      const commit = reader.varint();
      const entries = readEntries(reader, version);
      checkTerms(previous.term, entries, term);
      const session = readSession(reader, version);
      if (session === undefined) return { kind, term, previous, commit, entries };
      return { kind, term, previous, commit, entries, session };
    }
    case "heartbeat": {
      const commit = reader.varint();
      const round = reader.varint();
      const sent = reader.varint();
      const session = readSession(reader, version);
      if (session === undefined) return { kind, term, commit, round, sent };
      return { kind, term, commit, round, sent, session };
    }
    case "chunk": {
      const snapshot = readSnapshot(reader);
      const membership = version === 1 ? membershipOf(readMembers(reader)) : readMembership(reader);
      const offset = reader.varint();
      const bytes = reader.bytes();
      const session = readSession(reader, version);
      if (session === undefined) return { kind, term, snapshot, membership, offset, bytes };
      return { kind, term, snapshot, membership, offset, bytes, session };
    }
    default:
      return unreachable(kind);
  }
}

function readFromFollower(
  reader: ByteReader,
  kind: "appendReply" | "appendConflict" | "heartbeatReply" | "chunkReply",
  term: number,
  version: number,
): RaftMessage {
  switch (kind) {
    case "appendReply": {
      const match = reader.varint();
      const session = readSession(reader, version);
      return session === undefined ? { kind, term, match } : { kind, term, match, session };
    }
    case "appendConflict": {
      const rejected = reader.varint();
      const hint = readPosition(reader);
      const session = readSession(reader, version);
      return session === undefined ? { kind, term, rejected, hint } : { kind, term, rejected, hint, session };
    }
    case "heartbeatReply": {
      const round = reader.varint();
      const match = reader.varint();
      const missing = readFlag(reader);
      const session = readSession(reader, version);
      const clock = readClock(reader, version);
      if (clock === undefined && session !== undefined) return { kind, term, round, match, missing, session };
      return { kind, term, round, match, missing, ...(session && { session }), ...(clock !== undefined && { clock }) };
    }
    case "chunkReply": {
      const snapshot = readSnapshot(reader);
      const received = reader.varint();
      const session = readSession(reader, version);
      return session === undefined ? { kind, term, snapshot, received } : { kind, term, snapshot, received, session };
    }
    default:
      return unreachable(kind);
  }
}

/**
 * The session that version 2 has behind the fields of version 1. Sessions count from 1, and 0 is none.
 *
 * Whoever reads one spells out both shapes: objects that are spread, or added to, cost several times as much.
 */
function readSession(reader: ByteReader, version: number): number | undefined {
  return version > 1 ? reader.varint() || undefined : undefined;
}

/** Clocks count from 0, so 1 is added. */
function readClock(reader: ByteReader, version: number): number | undefined {
  const clock = version > 1 ? reader.varint() : 0;
  return clock === 0 ? undefined : clock - 1;
}

/** A leader's log never decreases in term, nor holds a term after its own. */
function checkTerms(previous: number, entries: readonly Entry[], term: number): void {
  const isInOrder = previous <= (entries[0]?.term ?? term) && (entries.at(-1)?.term ?? previous) <= term;
  if (!isInOrder) throw new MalformedError("entries out of their term");
}

function writeProposals(writer: ByteWriter, proposals: readonly Proposal[]): void {
  writer.varint(proposals.length);
  for (const { id, payloads } of proposals) {
    writer.varint(id).varint(payloads.length);
    for (const payload of payloads) writer.bytes(payload);
  }
}

function readProposals(reader: ByteReader): readonly Proposal[] {
  const count = reader.varint(reader.remaining);
  const proposals: Proposal[] = [];
  for (let at = 0; at < count; at++) {
    const id = reader.varint();
    const payloadCount = reader.varint(reader.remaining);
    if (payloadCount === 0) throw new MalformedError("a proposal without a payload");
    const payloads: Bytes[] = [];
    for (let each = 0; each < payloadCount; each++) payloads.push(reader.bytes());
    proposals.push({ id, payloads });
  }
  return proposals;
}

function writeVerdicts(writer: ByteWriter, verdicts: readonly Verdict[]): void {
  writer.varint(verdicts.length);
  for (const verdict of verdicts) {
    writer.varint(verdict.id);
    if (verdict.kind === "unknown") writer.byte(255);
    else if (verdict.kind === "refused") writer.byte(1 + reasons.indexOf(verdict.reason));
    else writer.byte(0).varint(verdict.index).varint(verdict.count);
  }
}

function readVerdicts(reader: ByteReader): readonly Verdict[] {
  const count = reader.varint(reader.remaining);
  const verdicts: Verdict[] = [];
  for (let at = 0; at < count; at++) verdicts.push(readVerdict(reader));
  return verdicts;
}

function readVerdict(reader: ByteReader): Verdict {
  const id = reader.varint();
  const code = reader.byte();
  if (code === 0) return { kind: "accepted", id, index: reader.varint(), count: reader.varint() };
  if (code === 255) return { kind: "unknown", id };
  const reason = reasons[code - 1];
  if (reason === undefined) throw new MalformedError("unknown reason");
  return { kind: "refused", id, reason };
}
