import type { NodeId } from "../../../base/ids.ts";
import { fromUtf8 } from "../../../base/text.ts";
import type { RaftState, RaftVocabulary } from "../../../protocols/raft/index.ts";
import type { Entry, LogOutput } from "../../../protocols/replicated-log.ts";
import type { Moment, Terms } from "../explorable.ts";

/** An entry that some member took for committed. */
export interface Committed {
  /** Term and content. */
  readonly term: number;
  readonly text: string;
  /** The term in which it was committed. */
  readonly committedIn: number;
}

/** What has happened and binds all that follows; entries by index, from 1. */
export interface RaftHistory {
  readonly leaders: ReadonlyMap<number, NodeId>;
  /** By term, and then by voter. */
  readonly votes: ReadonlyMap<number, ReadonlyMap<NodeId, NodeId>>;
  readonly committed: readonly Committed[];
  /** Proposals told to be lost. */
  readonly lost: ReadonlySet<number>;
  /** By number of the read that waits: how much was committed when it was asked. */
  readonly reads: ReadonlyMap<number, number>;
}

/** What one step adds. */
export type RaftFact =
  | { readonly kind: "leads"; readonly id: NodeId; readonly term: number }
  | { readonly kind: "votes"; readonly id: NodeId; readonly term: number; readonly candidate: NodeId }
  | { readonly kind: "commits"; readonly id: NodeId; readonly index: number; readonly entry: Committed }
  /** A leader moves its commit index: `entryTerm` is the term of the entry there. */
  | { readonly kind: "counts"; readonly id: NodeId; readonly term: number; readonly entryTerm: number }
  | { readonly kind: "settles"; readonly output: Extract<LogOutput, { kind: "settled" }> }
  | { readonly kind: "asks"; readonly read: number }
  | { readonly kind: "answers"; readonly output: Extract<LogOutput, { kind: "readable" }> };

/** Nothing has happened yet. */
export const firstHistory: RaftHistory = {
  leaders: new Map(),
  votes: new Map(),
  committed: [],
  lost: new Set(),
  reads: new Map(),
};

type RaftMoment = Moment<RaftVocabulary & Terms & { readonly state: RaftState }>;

/** What a step of one member adds to the history. */
export function raftFacts({ id, before, after, request, sent, outputs }: RaftMoment): RaftFact[] {
  const facts: RaftFact[] = [];
  const { term } = after;
  if (request?.kind === "barrier") facts.push({ kind: "asks", read: request.id });
  if (after.role === "leader" && (before.role !== "leader" || before.term !== term)) {
    facts.push({ kind: "votes", id, term, candidate: id }, { kind: "leads", id, term });
  }
  for (const { to, message } of sent) {
    if (message.kind !== "voteReply" || !message.granted) continue;
    facts.push({ kind: "votes", id, term: message.term, candidate: to });
  }
  for (let index = before.commit + 1; index <= after.commit; index++) {
    const entry = after.log.tail[index - after.log.tailFrom];
    if (entry === undefined) continue;
    facts.push({ kind: "commits", id, index, entry: { term: entry.term, text: textOf(entry), committedIn: term } });
  }
  const newest = after.log.tail[after.commit - after.log.tailFrom];
  if (after.role === "leader" && after.commit > before.commit && newest !== undefined) {
    facts.push({ kind: "counts", id, term, entryTerm: newest.term });
  }
  for (const output of outputs) {
    if (output.kind === "settled" && output.outcome !== "unknown") facts.push({ kind: "settles", output });
    if (output.kind === "readable") facts.push({ kind: "answers", output });
  }
  return facts;
}

/** What the proposal of this number carries. */
export function proposalText(number: number): string {
  return `v${number}`;
}

/** An entry's content as a text. */
export function textOf({ kind, payload }: Entry): string {
  return kind === "payload" ? fromUtf8(payload) : kind;
}
