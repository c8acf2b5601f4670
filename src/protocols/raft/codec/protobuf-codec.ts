import { type Bytes, noBytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { unreachable } from "../../../base/invariant.ts";
import { protoMessage } from "../../../base/proto-codec.ts";
import { ProtoFields, ProtoWriter } from "../../../base/protobuf.ts";
import { decodeMembership, encodeMembership } from "../../membership-codec.ts";
import { protoMembers } from "../../membership-protobuf.ts";
import type { Entry, Hindrance, Membership, Position, SnapshotName } from "../../replicated-log.ts";
import type { Proposal, RaftMessage, Verdict } from "../messages.ts";

/** The field of `Message` in proto/quorate/raft/v1/raft.proto that each kind is. */
const fieldOf: Readonly<Record<RaftMessage["kind"], number>> = {
  preVote: 2,
  preVoteReply: 3,
  vote: 4,
  voteReply: 5,
  append: 6,
  appendReply: 7,
  appendConflict: 8,
  heartbeat: 9,
  heartbeatReply: 10,
  chunk: 11,
  chunkReply: 12,
  forward: 13,
  forwardReply: 14,
  barrier: 15,
  barrierReply: 16,
  timeoutNow: 17,
  removed: 18,
};

const kinds = Object.entries(fieldOf) as [RaftMessage["kind"], number][];
const entryKinds: readonly Entry["kind"][] = ["none", "payload", "members"];
const verdictKinds: readonly (Hindrance | "unknown" | "accepted")[] = [
  ...(["unknown", "accepted"] as const),
  ...(["no-leader", "busy", "too-large", "stopping", "disk-full"] as const),
];

const membershipCodec = protoMessage<Membership>({
  members: protoMembers,
  outgoing: protoMembers,
  learners: protoMembers,
});

/** Entries already written: every follower gets the same list. */
const writtenLists = new WeakMap<readonly Entry[], Bytes>();

/** The message as one of Protocol Buffers. */
export function encodeProtobuf(message: RaftMessage): Bytes {
  const content = writeContent(message);
  return new ProtoWriter(content.length + 24).number(1, message.term).part(fieldOf[message.kind], content).finish();
}

function writeContent(message: RaftMessage): Bytes {
  switch (message.kind) {
    case "preVote":
      return new ProtoWriter().part(1, writePosition(message.last)).finish();
    case "vote":
      return new ProtoWriter()
        .part(1, writePosition(message.last))
        .number(2, message.isHandedOver ? 1 : 0)
        .finish();
    case "preVoteReply":
    case "voteReply":
      return new ProtoWriter().number(1, message.granted ? 1 : 0).finish();
    case "append": {
      const entries = writeEntries(message.entries);
      const writer = new ProtoWriter(entries.length + 64).part(1, writePosition(message.previous));
      return writer.number(2, message.commit).raw(entries).optional(4, message.session).finish();
    }
    case "appendReply":
      return new ProtoWriter().number(1, message.match).optional(2, message.session).finish();
    case "appendConflict": {
      const writer = new ProtoWriter().number(1, message.rejected).part(2, writePosition(message.hint));
      return writer.optional(3, message.session).finish();
    }
    case "heartbeat": {
      const { commit, round, sent, session } = message;
      return new ProtoWriter().number(1, commit).number(2, round).number(3, sent).optional(4, session).finish();
    }
    case "heartbeatReply": {
      const writer = new ProtoWriter().number(1, message.round).number(2, message.match);
      const { missing, session, clock } = message;
      return writer
        .number(3, missing ? 1 : 0)
        .optional(4, session)
        .optional(5, clock)
        .finish();
    }
    default:
      return writeSeldom(message);
  }
}

function writeSeldom(
  message: Extract<
    RaftMessage,
    {
      kind: "chunk" | "chunkReply" | "forward" | "forwardReply" | "barrier" | "barrierReply" | "timeoutNow" | "removed";
    }
  >,
): Bytes {
  switch (message.kind) {
    case "chunk": {
      const writer = new ProtoWriter(message.bytes.length + 512).part(1, writeSnapshot(message.snapshot));
      writer.part(2, membershipCodec.encode(message.membership)).number(3, message.offset).bytes(4, message.bytes);
      return writer.optional(5, message.session).finish();
    }
    case "chunkReply": {
      const writer = new ProtoWriter().part(1, writeSnapshot(message.snapshot)).number(2, message.received);
      return writer.optional(3, message.session).finish();
    }
    case "forward": {
      const writer = new ProtoWriter().number(1, message.life).number(2, message.number);
      for (const proposal of message.proposals) writer.part(3, writeProposal(proposal));
      return writer.finish();
    }
    case "forwardReply": {
      const writer = new ProtoWriter().number(1, message.life);
      for (const verdict of message.verdicts) writer.part(2, writeVerdict(verdict));
      return writer.finish();
    }
    case "barrier": {
      const writer = new ProtoWriter().number(1, message.life).number(2, message.ask);
      return writer.number(3, message.isLeaseEnough ? 1 : 0).finish();
    }
    case "barrierReply":
      return new ProtoWriter().number(1, message.life).number(2, message.ask).number(3, message.index).finish();
    case "timeoutNow":
      return noBytes;
    case "removed":
      return new ProtoWriter().number(1, message.index).finish();
    default:
      return unreachable(message);
  }
}

function writePosition({ index, term }: Position): Bytes {
  return new ProtoWriter().number(1, index).number(2, term).finish();
}

function writeSnapshot(snapshot: SnapshotName): Bytes {
  const writer = new ProtoWriter().part(1, writePosition(snapshot));
  return writer.number(2, snapshot.bytes).number(3, snapshot.checksum).finish();
}

function writeEntries(entries: readonly Entry[]): Bytes {
  const known = writtenLists.get(entries);
  if (known !== undefined) return known;
  let size = 8;
  for (const entry of entries) size += entry.payload.length + 40;
  const writer = new ProtoWriter(size);
  for (const entry of entries) writer.part(3, writeEntry(entry));
  const bytes = writer.finish();
  if (entries.length > 1) writtenLists.set(entries, bytes);
  return bytes;
}

function writeEntry({ term, kind, payload }: Entry): Bytes {
  const writer = new ProtoWriter(payload.length + 32).number(1, term).number(2, entryKinds.indexOf(kind));
  if (kind === "members") return writer.part(4, membershipCodec.encode(decodeMembership(payload))).finish();
  return writer.bytes(3, payload).finish();
}

function writeProposal({ id, payloads }: Proposal): Bytes {
  const writer = new ProtoWriter().number(1, id);
  for (const payload of payloads) writer.part(2, payload);
  return writer.finish();
}

function writeVerdict(verdict: Verdict): Bytes {
  const name = verdict.kind === "refused" ? verdict.reason : verdict.kind;
  const writer = new ProtoWriter().number(1, verdict.id).number(2, verdictKinds.indexOf(name));
  if (verdict.kind === "accepted") writer.number(3, verdict.index).number(4, verdict.count);
  return writer.finish();
}

/** The message that `bytes` are; its payloads are views of them. Throws `MalformedError`, and nothing else. */
export function decodeProtobuf(bytes: Bytes): RaftMessage {
  const outer = new ProtoFields(bytes);
  for (const [kind, field] of kinds) {
    const content = outer.part(field);
    if (content !== undefined) return readContent(kind, outer.number(1), new ProtoFields(content));
  }
  throw new MalformedError("unknown kind of message");
}

function readContent(kind: RaftMessage["kind"], term: number, fields: ProtoFields): RaftMessage {
  switch (kind) {
    case "preVote":
      return { kind, term, last: readPosition(fields.bytes(1)) };
    case "vote": {
      const last = readPosition(fields.bytes(1));
      return fields.flag(2) ? { kind, term, last, isHandedOver: true } : { kind, term, last };
    }
    case "preVoteReply":
    case "voteReply":
      return { kind, term, granted: fields.flag(1) };
    case "append": {
      const previous = readPosition(fields.bytes(1));
      const entries = readEntries(fields.list(3), previous.term, term);
      return { kind, term, previous, commit: fields.number(2), entries, ...sessionOf(fields, 4) };
    }
    case "appendReply":
      return { kind, term, match: fields.number(1), ...sessionOf(fields, 2) };
    case "appendConflict":
      return { kind, term, rejected: fields.number(1), hint: readPosition(fields.bytes(2)), ...sessionOf(fields, 3) };
    case "heartbeat": {
      const [commit, round, sent] = [fields.number(1), fields.number(2), fields.number(3)];
      return { kind, term, commit, round, sent, ...sessionOf(fields, 4) };
    }
    case "heartbeatReply": {
      const clock = fields.optional(5);
      const [round, match, missing] = [fields.number(1), fields.number(2), fields.flag(3)];
      return { kind, term, round, match, missing, ...sessionOf(fields, 4), ...(clock !== undefined && { clock }) };
    }
    default:
      return readSeldom(kind, term, fields);
  }
}

type Seldom = Parameters<typeof writeSeldom>[0]["kind"];

function readSeldom(kind: Seldom, term: number, fields: ProtoFields): RaftMessage {
  switch (kind) {
    case "chunk": {
      const [snapshot, membership] = [readSnapshot(fields.bytes(1)), membershipCodec.decode(fields.bytes(2))];
      const [offset, bytes] = [fields.number(3), fields.bytes(4)];
      return { kind, term, snapshot, membership, offset, bytes, ...sessionOf(fields, 5) };
    }
    case "chunkReply": {
      const snapshot = readSnapshot(fields.bytes(1));
      return { kind, term, snapshot, received: fields.number(2), ...sessionOf(fields, 3) };
    }
    case "forward": {
      const proposals = fields.list(3).map(readProposal);
      return { kind, term, life: fields.number(1), number: fields.number(2), proposals };
    }
    case "forwardReply":
      return { kind, term, life: fields.number(1), verdicts: fields.list(2).map(readVerdict) };
    case "barrier": {
      const [life, ask] = [fields.number(1), fields.number(2)];
      return fields.flag(3) ? { kind, term, life, ask, isLeaseEnough: true } : { kind, term, life, ask };
    }
    case "barrierReply":
      return { kind, term, life: fields.number(1), ask: fields.number(2), index: fields.number(3) };
    case "timeoutNow":
      return { kind, term };
    case "removed":
      return { kind, term, index: fields.number(1) };
    default:
      return unreachable(kind);
  }
}

/** Sessions count from 1; 0 is none. */
function sessionOf(fields: ProtoFields, field: number): { readonly session?: number } {
  const session = fields.number(field);
  return session === 0 ? {} : { session };
}

function readPosition(bytes: Bytes): Position {
  const fields = new ProtoFields(bytes);
  return { index: fields.number(1), term: fields.number(2) };
}

function readSnapshot(bytes: Bytes): SnapshotName {
  const fields = new ProtoFields(bytes);
  const checksum = fields.number(3);
  if (checksum > 0xffffffff) throw new MalformedError("a checksum is over 2^32 - 1");
  return { ...readPosition(fields.bytes(1)), bytes: fields.number(2), checksum };
}

/** A leader's log never decreases in term, nor holds a term after its own. */
function readEntries(list: readonly Bytes[], previous: number, term: number): readonly Entry[] {
  let newest = previous;
  return list.map((bytes) => {
    const entry = readEntry(bytes);
    if (entry.term < newest || entry.term > term || entry.term === 0)
      throw new MalformedError("entries out of their term");
    newest = entry.term;
    return entry;
  });
}

function readEntry(bytes: Bytes): Entry {
  const fields = new ProtoFields(bytes);
  const kind = entryKinds[fields.number(2)];
  if (kind === undefined) throw new MalformedError("unknown kind of entry");
  const payload = kind === "members" ? encodeMembership(membershipCodec.decode(fields.bytes(4))) : fields.bytes(3);
  return { term: fields.number(1), kind, payload };
}

function readProposal(bytes: Bytes): Proposal {
  const fields = new ProtoFields(bytes);
  const payloads = fields.list(2);
  if (payloads.length === 0) throw new MalformedError("a proposal without a payload");
  return { id: fields.number(1), payloads };
}

function readVerdict(bytes: Bytes): Verdict {
  const fields = new ProtoFields(bytes);
  const id = fields.number(1);
  const name = verdictKinds[fields.number(2)];
  if (name === undefined) throw new MalformedError("unknown kind of verdict");
  if (name === "unknown") return { kind: "unknown", id };
  if (name === "accepted") return { kind: "accepted", id, index: fields.number(3), count: fields.number(4) };
  return { kind: "refused", id, reason: name };
}
