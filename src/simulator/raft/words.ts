import type { Bytes } from "../../base/bytes.ts";
import { unreachable } from "../../base/invariant.ts";
import {
  decodeMembership,
  type Entry,
  type LogOutput,
  type RaftMessage,
  type RaftRecord,
} from "../../protocols/raft/index.ts";
import type { Verdict } from "../../protocols/raft/messages.ts";
import { logOutputWords, logWords, membershipWords, placeWords } from "../replicated/words.ts";

/** The members that an entry names. */
function changeWords(payload: Bytes): string {
  return membershipWords(decodeMembership(payload));
}

function entryWords(from: number, entries: readonly Entry[]): string {
  return logWords(from, entries, changeWords);
}

/** One line for a message: its term first. */
export function messageWords(message: RaftMessage): string {
  return `t${message.term} ${fieldWords(message)}`;
}

function fieldWords(message: RaftMessage): string {
  const { kind } = message;
  switch (kind) {
    case "preVote":
      return `${kind} last ${placeWords(message.last)}`;
    case "vote":
      return `${kind} last ${placeWords(message.last)}${message.isHandedOver ? " handed over" : ""}`;
    case "preVoteReply":
    case "voteReply":
      return `${kind} ${message.granted ? "granted" : "refused"}`;
    case "append": {
      const entries = entryWords(message.previous.index + 1, message.entries);
      return `append after ${placeWords(message.previous)}: ${entries}, commit ${message.commit}`;
    }
    case "appendReply":
      return `matched ${message.match}`;
    case "appendConflict":
      return `conflict at ${message.rejected}, hint ${placeWords(message.hint)}`;
    case "heartbeat":
      return `heartbeat round ${message.round} commit ${message.commit} sent ${message.sent}`;
    case "heartbeatReply":
      return `heartbeatReply round ${message.round} match ${message.match}${message.missing ? " missing" : ""}`;
    case "chunk":
      return `chunk of ${placeWords(message.snapshot)} ${pieceWords(message.offset, message.bytes)}`;
    case "chunkReply":
      return `chunkReply ${placeWords(message.snapshot)}: ${message.received} of ${message.snapshot.bytes}`;
    case "forward":
      return `forward ${message.number}: ${message.proposals.map(({ id }) => `#${id}`).join(" ")}`;
    case "forwardReply":
      return message.verdicts.map(verdictWords).join(", ");
    case "barrier":
      return `barrier ask ${message.ask}${message.isLeaseEnough ? " by lease" : ""}`;
    case "barrierReply":
      return `barrierReply ask ${message.ask} ${message.index === 0 ? "refused" : `index ${message.index}`}`;
    case "timeoutNow":
      return "timeoutNow";
    case "removed":
      return `removed by ${message.index}`;
    default:
      return unreachable(message);
  }
}

function pieceWords(offset: number, bytes: Bytes): string {
  return bytes.length === 0 ? "where?" : `from ${offset}: ${bytes.length} bytes`;
}

function verdictWords(verdict: Verdict): string {
  if (verdict.kind === "accepted") return `#${verdict.id} accepted at ${verdict.index}`;
  return verdict.kind === "refused" ? `#${verdict.id} refused ${verdict.reason}` : `#${verdict.id} unknown`;
}

/** One line for a record on its way to the disk. */
export function recordWords(record: RaftRecord): string {
  switch (record.kind) {
    case "state":
      return `store t${record.term} vote ${record.votedFor ?? "none"}`;
    case "entries":
      return `store ${entryWords(record.from, record.entries)}`;
    case "chunk":
      return `store chunk of ${placeWords(record.snapshot)} ${pieceWords(record.offset, record.bytes)}`;
    case "base":
      return `store base ${placeWords(record.base)} snapshot ${record.snapshot ? placeWords(record.snapshot) : "none"}`;
    default:
      return unreachable(record);
  }
}

/** One line for what the owner is told. */
export function outputWords(output: LogOutput): string {
  return logOutputWords(output, changeWords);
}
