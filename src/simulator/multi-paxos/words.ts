import type { Bytes } from "../../base/bytes.ts";
import { unreachable } from "../../base/invariant.ts";
import {
  decodeChange,
  type LogOutput,
  type PaxosMessage,
  type PaxosRecord,
} from "../../protocols/multi-paxos/index.ts";
import { attemptOf, epochOf } from "../../protocols/multi-paxos/membership/configurations.ts";
import type { Update } from "../../protocols/multi-paxos/messages.ts";
import { logOutputWords, logWords, membershipWords } from "../replicated/words.ts";

/** A view as its epoch and attempt: `0.3`. */
export function viewWords(view: number): string {
  return `${epochOf(view)}.${attemptOf(view)}`;
}

function changeWords(payload: Bytes): string {
  return membershipWords({ ...decodeChange(payload), outgoing: [] });
}

/** Updates by place, payloads in quotes. */
export function updateWords(first: number, updates: readonly Update[]): string {
  return logWords(first, updates, changeWords);
}

/** One line for a message: its sender's epoch and aru first. */
export function messageWords(message: PaxosMessage): string {
  return `e${message.epoch} a${message.aru} ${fieldWords(message)}`;
}

function fieldWords(message: PaxosMessage): string {
  const { kind } = message;
  switch (kind) {
    case "viewChange":
      return `${kind} ${viewWords(message.attempted)} heard ${message.heard.join("")}`;
    case "viewProof":
      return `${kind} ${viewWords(message.installed)} heard ${message.heard.join("")}${message.leaderAlive ? " alive" : ""}`;
    case "prepare":
    case "transfer":
      return `${kind} ${viewWords(message.view)}`;
    case "prepareOk": {
      const reports = message.reports.map(({ seq, accepted, update }) => {
        const how = accepted === 0 ? "ordered" : `in ${viewWords(accepted)}`;
        return `${updateWords(seq, [update])} ${how}`;
      });
      return `${kind} ${viewWords(message.view)} ${message.part + 1}/${message.parts}: ${reports.join(", ") || "nothing"}`;
    }
    case "proposal":
      return `${kind} ${viewWords(message.view)} ${updateWords(message.first, message.updates)} ordered ${message.ordered}`;
    case "accept":
      return `${kind} ${viewWords(message.view)} ${message.first}…${message.last}`;
    case "heartbeat":
      return `${kind} ${viewWords(message.view)} ordered ${message.ordered} round ${message.round}`;
    case "heirPrepare":
      return `${kind} ${viewWords(message.view)} appointed in ${viewWords(message.appointedIn)}`;
    case "grant":
    case "heartbeatOk":
      return `${kind} ${viewWords(message.view)} round ${message.round}`;
    case "clientUpdate":
      return `${kind} of ${message.updates.length}, hops ${message.hops}`;
    case "read":
    case "leaseRead":
      return `${kind} ${message.ask}`;
    case "readOk":
      return `${kind} ${message.ask} ${message.next === 0 ? "refused" : `from ${message.next - 1}`}`;
    case "reconcile":
      return `${kind} from ${message.first}`;
    case "reconcileData":
      return `${kind} ${updateWords(message.first, message.updates)}${message.founding ? " and the founding" : ""}`;
    case "offer":
      return `${kind} of ${message.snapshot.index}`;
    case "fetch":
      return `${kind} of ${message.snapshot.index} from ${message.offset}`;
    case "chunk":
      return `${kind} of ${message.snapshot.index} from ${message.offset}: ${message.bytes.length} bytes`;
    default:
      return unreachable(kind);
  }
}

/** One line for a record on its way to the disk. */
export function recordWords(record: PaxosRecord): string {
  switch (record.kind) {
    case "view":
      return `store view ${viewWords(record.view)}`;
    case "accepted":
      return `store accepted in ${viewWords(record.view)} ${updateWords(record.first, record.updates)}`;
    case "learned":
      return `store learned ${updateWords(record.first, record.updates)}`;
    case "ordered":
      return `store ordered ${record.through}`;
    case "base":
      return `store base ${record.base.floor} snapshot ${record.snapshot?.index ?? "none"}`;
    case "pending":
      return `store pending ${record.updates.map(({ client, timestamp }) => `${client}.${timestamp}`).join(" ") || "none"}`;
    case "chunk":
      return `store chunk of ${record.snapshot.index} from ${record.offset}: ${record.bytes.length} bytes`;
    default:
      return unreachable(record);
  }
}

/** One line for what the owner is told. */
export function outputWords(output: LogOutput): string {
  return logOutputWords(output, changeWords);
}
