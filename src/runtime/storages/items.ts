import type { Bytes } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import { unreachable } from "../../base/invariant.ts";
import {
  type Base,
  decodeChange,
  decodeRecord as decodePaxosRecord,
  type Update,
} from "../../protocols/multi-paxos/index.ts";
import { decodeMembership, decodeRecord } from "../../protocols/raft/index.ts";
import type { Entry } from "../../protocols/replicated-log.ts";
import type { LogRecord } from "../logs/log.ts";
import type { LogProtocolName } from "../protocols/kinds.ts";

/** One thing that a record says, for people and for tools. */
export interface StoredItem {
  readonly kind: string;
  /** Where it stands in the order that the protocol makes, if it does. */
  readonly index?: number;
  /** What else there is to say, by name; JSON can. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What an application gave. */
  readonly payload?: Bytes;
}

/** How the records of each read; they throw `MalformedError` for one that it did not make. */
const readers: Readonly<Record<LogProtocolName, (record: LogRecord) => readonly StoredItem[]>> = {
  raft: raftItems,
  "multi-paxos": paxosItems,
};

/** What a record says; `undefined` for one that its protocol did not make. */
export function itemsOf(protocol: LogProtocolName, record: LogRecord): readonly StoredItem[] | undefined {
  try {
    return readers[protocol](record);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function raftItems({ kind, bytes }: LogRecord): readonly StoredItem[] {
  const record = decodeRecord(kind, bytes);
  switch (record.kind) {
    case "state":
      return [{ kind: "state", facts: { term: record.term, votedFor: record.votedFor, joining: record.joining } }];
    case "entries":
      return record.entries.map((entry, at) => raftEntry(record.from + at, entry));
    case "base": {
      const { base, snapshot, membership } = record;
      return [{ kind: "base", index: base.index, facts: { term: base.term, snapshot, ...membership } }];
    }
    default:
      return unreachable(record);
  }
}

function raftEntry(index: number, { kind, term, payload }: Entry): StoredItem {
  if (kind === "payload") return { kind: "entry", index, facts: { term }, payload };
  return { kind, index, facts: kind === "members" ? { term, ...decodeMembership(payload) } : { term } };
}

function paxosItems({ kind, bytes }: LogRecord): readonly StoredItem[] {
  const record = decodePaxosRecord(kind, bytes);
  switch (record.kind) {
    case "view":
      return [{ kind: "view", facts: { view: record.view } }];
    case "accepted":
      return record.updates.map((update, at) => paxosUpdate("accepted", record.first + at, update, record.view));
    case "learned":
      return record.updates.map((update, at) => paxosUpdate("learned", record.first + at, update));
    case "ordered":
      return [{ kind: "ordered", index: record.through, facts: {} }];
    case "base": {
      const { base, snapshot, isOwn, promised } = record;
      return [{ kind: "base", index: base.floor, facts: { promised, isOwn, snapshot, ...baseFacts(base) } }];
    }
    case "pending":
      return record.updates.map(({ client, timestamp, payload }) => {
        return { kind: "pending", facts: { client, timestamp }, payload };
      });
    default:
      return unreachable(record);
  }
}

/** `kind`: whether the update was accepted, in `view`, or learned to be ordered. */
function paxosUpdate(kind: string, index: number, update: Update, view?: number): StoredItem {
  const { term, client, timestamp, payload } = update;
  const facts = { ...(view !== undefined && { view }), term };
  if (update.kind === "payload") return { kind, index, facts: { ...facts, client, timestamp }, payload };
  if (update.kind === "members") return { kind, index, facts: { ...facts, ...decodeChange(payload) } };
  return { kind, index, facts: { ...facts, noop: true } };
}

function baseFacts({ through, configurations, clients }: Base): StoredItem["facts"] {
  return { through, configurations, clientCount: clients.length };
}
