import type { Bytes } from "../../base/bytes.ts";
import { unreachable } from "../../base/invariant.ts";
import { fromUtf8 } from "../../base/text.ts";
import {
  decodeMembership,
  type Entry,
  type LogOutput,
  type Member,
  type Membership,
  type Position,
  type RaftMessage,
  type RaftRecord,
  type Want,
} from "../../protocols/raft/index.ts";
import type { Verdict } from "../../protocols/raft/messages.ts";

/** A place as people write it: `2@1` is index 2, term 1. */
function placeWords({ index, term }: Position): string {
  return `${index}@${term}`;
}

/** Entries by place, payloads in quotes: `2@1 "x" 3@2`; many of one term as `4@2…9@2`. */
function entryWords(from: number, entries: readonly Entry[]): string {
  if (entries.length === 0) return "nothing";
  const words = entries.map(({ term, kind, payload }, at) => {
    const place = placeWords({ index: from + at, term });
    if (kind === "members") return `${place} (${membershipWords(decodeMembership(payload))})`;
    return kind === "payload" && payload.length > 0 ? `${place} "${fromUtf8(payload)}"` : place;
  });
  return words.length > 6 ? `${words[0]} … ${words.at(-1)}` : words.join(" ");
}

/** Voters, then who leaves and who learns: `abd was abc learning c`. */
function membershipWords({ members, outgoing, learners }: Membership): string {
  const ids = (list: readonly Member[]) => list.map(({ id }) => id).join("");
  const was = outgoing.length > 0 ? ` was ${ids(outgoing)}` : "";
  return `${ids(members)}${was}${learners.length > 0 ? ` learning ${ids(learners)}` : ""}`;
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
  switch (output.kind) {
    case "accepted":
      return `accepted #${output.id} at ${output.index}@${output.term}`;
    case "refused":
      return `refused #${output.id} ${output.reason}`;
    case "settled":
      return `settled #${output.id} ${output.outcome}`;
    case "readable":
      return `readable ${output.ids.map((id) => `#${id}`).join(" ")} from ${output.index}`;
    case "committed":
      return `committed ${entryWords(output.from, output.entries)}`;
    case "restore":
      return `restore ${placeWords(output.snapshot)}`;
    case "want":
      return `want ${output.want}: ${wantWords(output.what)}`;
    case "membership": {
      const state = output.isCommitted ? "committed" : "in force";
      return `members ${membershipWords(output.membership)} ${state} at ${output.index}`;
    }
    case "removed":
      return `removed by ${output.index}`;
    case "leader":
      return `leader ${output.leader ?? "none"} in t${output.term}`;
    default:
      return unreachable(output);
  }
}

function wantWords(what: Want): string {
  return what.kind === "entries"
    ? `entries from ${what.from}`
    : `chunk of ${placeWords(what.snapshot)} from ${what.offset}`;
}
