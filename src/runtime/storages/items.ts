import type { Bytes } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import { unreachable } from "../../base/invariant.ts";
import { decodeMembership, decodeRecord } from "../../protocols/raft/index.ts";
import type { Entry } from "../../protocols/replicated-log.ts";
import type { LogRecord } from "../logs/log.ts";

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

/** The protocols that store a log. */
export type StoredProtocol = "raft";

/** How the records of each read; they throw `MalformedError` for one that it did not make. */
const readers: Readonly<Record<StoredProtocol, (record: LogRecord) => readonly StoredItem[]>> = { raft: raftItems };

/** What a record says; `undefined` for one that its protocol did not make. */
export function itemsOf(protocol: StoredProtocol, record: LogRecord): readonly StoredItem[] | undefined {
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
