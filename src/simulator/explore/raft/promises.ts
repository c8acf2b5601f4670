import type { NodeId } from "../../../base/ids.ts";
import { invariant, unreachable } from "../../../base/invariant.ts";
import { majority } from "../../../protocols/quorum/majority.ts";
import type { RaftState, RaftVocabulary } from "../../../protocols/raft/index.ts";
import type { Standing, Terms } from "../explorable.ts";
import { type Committed, proposalText, type RaftFact, type RaftHistory, textOf } from "./history.ts";

type Member = Standing<RaftVocabulary & Terms & { readonly state: RaftState }>;
type Log = Readonly<RaftState["log"]>;

/** The history with what a step adds; throws when the two contradict each other. */
export function rememberRaft(history: RaftHistory, facts: readonly RaftFact[]): RaftHistory {
  return facts.reduce(rememberOne, history);
}

function rememberOne(history: RaftHistory, fact: RaftFact): RaftHistory {
  switch (fact.kind) {
    case "leads": {
      const { id, term } = fact;
      const leader = history.leaders.get(term) ?? id;
      invariant(leader === id, `a term has one leader (Election Safety): term ${term} has ${leader} and ${id}`);
      return { ...history, leaders: new Map([...history.leaders, [term, id]]) };
    }
    case "votes":
      return rememberVote(history, fact.id, fact.term, fact.candidate);
    case "commits":
      return rememberCommit(history, fact.id, fact.index, fact.entry);
    case "counts": {
      const told = `${fact.id} in term ${fact.term}, an entry of term ${fact.entryTerm}`;
      invariant(
        fact.entryTerm === fact.term,
        `a leader counts replicas of its own term's entries only (5.4.2): ${told}`,
      );
      return history;
    }
    case "settles":
      return rememberSettlement(history, fact.output.id, fact.output.outcome === "applied");
    case "asks":
      return { ...history, reads: new Map([...history.reads, [fact.read, history.committed.length]]) };
    case "answers":
      return rememberAnswers(history, fact.output.ids, fact.output.index);
    default:
      return unreachable(fact);
  }
}

function rememberVote(history: RaftHistory, id: NodeId, term: number, candidate: NodeId): RaftHistory {
  const votes = history.votes.get(term) ?? new Map<NodeId, NodeId>();
  const before = votes.get(id) ?? candidate;
  invariant(before === candidate, `a member votes once a term: ${id} for ${before} and ${candidate} in term ${term}`);
  return { ...history, votes: new Map([...history.votes, [term, new Map([...votes, [id, candidate]])]]) };
}

function rememberCommit(history: RaftHistory, id: NodeId, index: number, entry: Committed): RaftHistory {
  const known = history.committed[index - 1];
  const told = `${id} has ${entry.text} of term ${entry.term} at ${index}`;
  if (known !== undefined) {
    const isSame = known.term === entry.term && known.text === entry.text;
    const before = `${known.text} of term ${known.term}`;
    invariant(isSame, `all apply the same entry at an index (State Machine Safety): ${told}, where ${before} was`);
    return history;
  }
  invariant(index === history.committed.length + 1, `entries are committed in order: ${told}`);
  const lost = [...history.lost].find((number) => proposalText(number) === entry.text);
  invariant(lost === undefined, `what was told to be lost is never committed: ${told}`);
  return { ...history, committed: [...history.committed, entry] };
}

function rememberSettlement(history: RaftHistory, id: number, isApplied: boolean): RaftHistory {
  const isCommitted = history.committed.some(({ text }) => text === proposalText(id));
  invariant(isCommitted || !isApplied, `what is acknowledged is committed: ${proposalText(id)}`);
  invariant(!isCommitted || isApplied, `what is committed is not told to be lost: ${proposalText(id)}`);
  return isApplied ? history : { ...history, lost: new Set([...history.lost, id]) };
}

function rememberAnswers(history: RaftHistory, ids: readonly number[], index: number): RaftHistory {
  const reads = new Map(history.reads);
  for (const id of ids) {
    const committed = reads.get(id);
    invariant(committed !== undefined, `a read is answered once, and after it was asked: ${id}`);
    invariant(
      index >= committed,
      `a read sees all that was committed when it was asked: up to ${index}, not ${committed}`,
    );
    reads.delete(id);
  }
  return { ...history, reads };
}

/** What must hold in every state (paper, figure 3): throws when it does not. */
export function checkRaft(members: readonly Member[], history: RaftHistory): void {
  for (const [at, member] of members.entries()) {
    const { state, disk } = member;
    committedIsKept(member, history);
    if (state.role === "leader") leaderIsComplete(state, history);
    votesAreStored(state.config.id, disk, history);
    for (const other of members.slice(at + 1)) logsMatch(state, other.state);
  }
  for (const [at, entry] of history.committed.entries()) isOnMajority(members, at + 1, entry);
}

/** As far as a member knows what is committed, its log has it (Committed Immutable, State Machine Safety). */
function committedIsKept({ state, disk }: Member, history: RaftHistory): void {
  const { config, log, commit, delivery } = state;
  const { id } = config;
  invariant(delivery.delivered <= commit && commit <= log.last, `delivered <= committed <= last: ${id}`);
  invariant(delivery.delivered <= disk.log.last, `what is delivered is stored here: ${id}, ${delivery.delivered}`);
  invariant(commit <= history.committed.length, `a commit index tells what is committed: ${id}, ${commit}`);
  for (let index = log.tailFrom; index <= commit; index++) {
    const isKept = has(log, index, history.committed[index - 1]);
    invariant(isKept, `what is committed never changes (Committed Immutable): ${id}, ${index}`);
  }
}

/** A leader that stood still may win an old term late: it has what was committed in the terms before that. */
function leaderIsComplete({ config, log, term }: Readonly<RaftState>, history: RaftHistory): void {
  for (const [at, entry] of history.committed.entries()) {
    if (entry.committedIn >= term || at + 1 < log.tailFrom) continue;
    const isThere = has(log, at + 1, entry);
    const told = `${config.id} leads term ${term} without ${entry.text} of term ${entry.term} at ${at + 1}`;
    invariant(isThere, `a leader has what was committed in earlier terms (Leader Completeness): ${told}`);
  }
}

/** A vote that was given is on the voter's disk, or it could be given again. */
function votesAreStored(id: NodeId, disk: Readonly<RaftState>, history: RaftHistory): void {
  for (const [term, votes] of history.votes) {
    const candidate = votes.get(id);
    const isStored = candidate === undefined || disk.term > term || (disk.term === term && disk.votedFor === candidate);
    invariant(isStored, `a vote is stored before it is given: ${id} for ${candidate} in term ${term}`);
  }
}

/** Logs with an entry of the same index and term are equal up to it (Log Matching). */
function logsMatch(one: Readonly<RaftState>, other: Readonly<RaftState>): void {
  const first = Math.max(one.log.tailFrom, other.log.tailFrom);
  let agreed = false;
  for (let index = Math.min(one.log.last, other.log.last); index >= first; index--) {
    const ours = one.log.tail[index - one.log.tailFrom];
    const theirs = other.log.tail[index - other.log.tailFrom];
    const isSameTerm = ours?.term === theirs?.term;
    const isSame = isSameTerm && ours !== undefined && theirs !== undefined && textOf(ours) === textOf(theirs);
    const told = `${one.config.id} and ${other.config.id} at ${index}`;
    invariant(isSame || !(agreed || isSameTerm), `logs that agree at an entry agree up to it (Log Matching): ${told}`);
    agreed ||= isSameTerm;
  }
}

/** What is committed is on the disks of a majority, now and for ever. */
function isOnMajority(members: readonly Member[], index: number, entry: Committed): void {
  const count = members.filter(({ disk }) => disk.log.base.index >= index || has(disk.log, index, entry)).length;
  const told = `${entry.text} of term ${entry.term} at ${index} on ${count} of ${members.length}`;
  invariant(count >= majority(members.length), `what is committed is stored by a majority: ${told}`);
}

function has(log: Log, index: number, entry: Committed | undefined): boolean {
  const own = log.tail[index - log.tailFrom];
  return own !== undefined && entry !== undefined && own.term === entry.term && textOf(own) === entry.text;
}
