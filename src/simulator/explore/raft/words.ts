import { fromUtf8 } from "../../../base/text.ts";
import type { RaftMessage, RaftRecord, RaftState } from "../../../protocols/raft/index.ts";
import type { Entry, Position } from "../../../protocols/replicated-log.ts";

/** A message in a few words. */
export function tellMessage(message: RaftMessage): string {
  const { kind, term } = message;
  switch (kind) {
    case "preVote":
    case "vote":
      return `${kind} for term ${term}, log up to ${tellPlace(message.last)}`;
    case "preVoteReply":
    case "voteReply":
      return `${kind} ${message.granted ? "yes" : "no"} in term ${term}`;
    case "append": {
      const entries = message.entries.length === 0 ? "nothing" : message.entries.map(tellEntry).join(", ");
      return `append of term ${term}: ${entries} after ${tellPlace(message.previous)}, commit ${message.commit}`;
    }
    case "appendReply":
      return `appendReply in term ${term}: stored through ${message.match}`;
    case "appendConflict":
      return `appendConflict in term ${term}: not after ${message.rejected}, try ${tellPlace(message.hint)}`;
    case "heartbeat":
      return `heartbeat of term ${term}, commit ${message.commit}, round ${message.round}`;
    case "heartbeatReply":
      return `heartbeatReply in term ${term}, round ${message.round}, stored through ${message.match}`;
    default:
      return `${kind} in term ${term}`;
  }
}

function tellPlace({ index, term }: Position): string {
  return index === 0 ? "nothing" : `${index} (term ${term})`;
}

function tellEntry({ kind, term, payload }: Entry): string {
  return `${kind === "payload" ? fromUtf8(payload) : kind} (term ${term})`;
}

/** A record in a few words. */
export function tellRecord(record: RaftRecord): string {
  switch (record.kind) {
    case "state":
      return `term ${record.term} with ${record.votedFor === undefined ? "no vote" : `a vote for ${record.votedFor}`}`;
    case "entries":
      return `${record.entries.map(tellEntry).join(", ")} from ${record.from} on`;
    default:
      return record.kind;
  }
}

/** What matters most of a member, in a few words. */
export function tellState({ role, term, votedFor, log, commit }: Readonly<RaftState>): string {
  const vote = votedFor === undefined ? "" : `, voted for ${votedFor}`;
  const entries = log.tail.length === 0 ? "" : `, log ${log.tail.map(tellEntry).join(", ")}`;
  return `${role} in term ${term}${vote}${entries}${commit === 0 ? "" : `, commit ${commit}`}`;
}
