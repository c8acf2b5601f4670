import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import {
  decodeMessage,
  decodeProtobuf,
  decodeRecord,
  encodeMembership,
  encodeMessage,
  encodeProtobuf,
  encodeRecord,
  type LoggedRecord,
  Raft,
  type RaftMemory,
  type RaftMessage,
  type RaftState,
  type RaftVocabulary,
  Recovery,
  recordKinds,
} from "../../protocols/raft/index.ts";
import { configurationAt, lastPosition } from "../../protocols/raft/log/log.ts";
import { type Member, membershipOf, takesPart } from "../../protocols/replicated-log.ts";
import type { NodeConfig } from "../options.ts";
import type { CoreStart, Figures, LogMember, LogProtocol, Standing } from "./log-protocol.ts";
import type { RecordForm } from "./record-store.ts";
import { newSeed } from "./seed.ts";

/** How Raft's records lie in a log. */
export const raftForm: RecordForm<LoggedRecord> = {
  kinds: recordKinds,
  encode: encodeRecord,
  decode: decodeRecord,
  hints: (record) => {
    switch (record.kind) {
      case "state":
        return { latest: true };
      case "entries":
        return { positions: { first: record.from, count: record.entries.length } };
      case "base":
        return { latest: true, dropThrough: record.base.index };
    }
  },
  entries: (record) => (record.kind === "entries" ? { first: record.from, entries: record.entries } : undefined),
  snapshot: (record) => (record.kind === "base" ? record.snapshot : undefined),
};

/** Raft, as nodes run it. */
export const raftProtocol: LogProtocol<RaftVocabulary, LoggedRecord, RaftMemory> = {
  codecs: {
    native: {
      encode: (message: RaftMessage) => encodeMessage(message),
      decode: (frame: Bytes) => decodeMessage(frame),
    },
    protobuf: { encode: encodeProtobuf, decode: decodeProtobuf },
  },
  form: raftForm,
  recovery: (members, tailBytesMax) => new Recovery(members, tailBytesMax),
  firstRecord: raftBase,
  start: startRaft,
  restored: (snapshot, members) => [
    { kind: "state", term: snapshot.term, votedFor: undefined },
    { ...raftBase(members), base: { index: snapshot.index, term: snapshot.term }, snapshot },
  ],
  survivor: ({ log }) => ({ last: log.last, membership: configurationAt(log, log.last).membership }),
  alone: goOnAlone,
};

/** The membership is an entry after all others, in a term of its own. */
function goOnAlone({ term, log }: RaftMemory, survivor: Member): readonly LoggedRecord[] {
  const own = Math.max(term, lastPosition(log).term) + 1;
  const payload = encodeMembership(membershipOf([survivor]));
  return [
    { kind: "state", term: own, votedFor: survivor.id },
    { kind: "entries", from: log.last + 1, entries: [{ term: own, kind: "members", payload }] },
  ];
}

function raftBase(members: readonly Member[]): Extract<LoggedRecord, { kind: "base" }> {
  return { kind: "base", base: { index: 0, term: 0 }, snapshot: undefined, membership: membershipOf(members) };
}

function startRaft(config: NodeConfig, { memory, incoming, ...given }: CoreStart<RaftMemory>): LogMember {
  const { id, electionTicks, heartbeatTicks, protocolVersionMax: speaks, leases } = config;
  const applied = memory.snapshot?.index ?? 0;
  const options = { ...given, id, seed: newSeed(), electionTicks, heartbeatTicks, speaks, leases };
  const core = new Raft(options, { memory, applied, ...(incoming && { incoming }) });
  return { core, standing: () => standingOf(core.inspect()), figures: () => figuresOf(core.inspect()) };
}

function standingOf({ role, term, leader, membership, commit, snapshot, log, config }: RaftState): Standing {
  const hasPart = takesPart(membership, config.id);
  return {
    role: role === "preCandidate" ? "candidate" : role, // a campaign's two stages look the same from outside
    ...{ term, leader, membership, commit, snapshot },
    tookPart: hasPart || log.configurations.some((earlier) => takesPart(earlier.membership, config.id)),
  };
}

function figuresOf({ log, leadership }: RaftState): Figures {
  return {
    last: log.last,
    durable: log.durable,
    progressOf: (id: NodeId) => {
      const progress = leadership?.peers.get(id);
      if (progress === undefined) return undefined;
      const { mode, match, next, inflightBytes: bytesInFlight } = progress;
      return { mode, match, next, bytesInFlight };
    },
  };
}
