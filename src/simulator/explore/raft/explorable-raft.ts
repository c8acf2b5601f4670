import { invariant } from "../../../base/invariant.ts";
import { newRandom } from "../../../base/random.ts";
import { toUtf8 } from "../../../base/text.ts";
import type { Core, Input } from "../../../protocols/core.ts";
import {
  Raft,
  type RaftMessage,
  type RaftOptions,
  type RaftRecord,
  type RaftState,
  type RaftVocabulary,
  Recovery,
} from "../../../protocols/raft/index.ts";
import type { Member, Membership } from "../../../protocols/replicated-log.ts";
import { messageWords, recordWords } from "../../raft/words.ts";
import type { Alarm, Explorable } from "../explorable.ts";
import { firstHistory, proposalText, type RaftFact, type RaftHistory, raftFacts, textOf } from "./history.ts";
import { checkRaft, rememberRaft } from "./promises.ts";

/** Raft's words, and what is remembered of a run. */
export interface RaftTerms extends RaftVocabulary {
  readonly state: RaftState;
  readonly fact: RaftFact;
  readonly history: RaftHistory;
}

/** How much of Raft is explored. */
export interface RaftLimits {
  readonly members: number;
  /** `new`: nothing has happened yet. `led`: the first member's patience has ended, and all that came of it is done. */
  readonly start: "new" | "led";
  /** Nobody stands for a later term. */
  readonly terms: number;
  /** How often a member's patience ends. */
  readonly timeouts: number;
  /** Single ticks of leaders: heartbeats. */
  readonly ticks: number;
  /** Values proposed, to whoever leads. */
  readonly proposals: number;
  /** The core's setting: with 1 each append and each record carries one entry. */
  readonly appendBytesMax: number;
  /** Read barriers, asked of any member that knows a leader. */
  readonly reads: number;
}

/** Logs stay in memory, and the shortest waits do. */
const timing = { electionTicks: 2, heartbeatTicks: 1, tailBytesMax: 2 ** 20 };
/** Chance draws how long patience lasts, and nothing else that matters: when it ends is explored. */
const stillRandom = newRandom(1);

/** The production core of Raft, ready to be explored. */
export function explorableRaft(limits: RaftLimits): Explorable<RaftTerms> {
  const { members, start, proposals, reads, appendBytesMax } = limits;
  const ids = Array.from({ length: members }, (_, at) => String.fromCharCode(97 + at));
  const group: Member[] = ids.map((id) => ({ id, address: id }));
  const [timeout, tick] = alarmsOf(limits);
  return {
    ids,
    interchangeable: ids,
    opening: start === "led" ? timeout : undefined,
    start: (id, records, life) => startRaft({ id, seed: life, ...timing, appendBytesMax }, group, records),
    resume: Raft.resume,
    calm,
    essence,
    isSpent,
    alarms: [timeout, tick],
    questions: [
      {
        budget: { countMax: proposals },
        mayAsk: (state) => state.role === "leader",
        request: (number) => ({ kind: "propose", id: number, payloads: [toUtf8(proposalText(number))] }),
      },
      {
        budget: { countMax: reads },
        mayAsk: (state) => state.leader !== undefined,
        request: (number) => ({ kind: "barrier", id: firstRead + number, mode: "quorum" }),
      },
    ],
    facts: raftFacts,
    firstHistory,
    remember: rememberRaft,
    check: checkRaft,
    words: {
      message: messageWords,
      request: (request) => (request.kind === "propose" ? `propose ${proposalText(request.id)}` : "answer a read"),
      record: recordWords,
      state: stateWords,
      output: () => undefined,
    },
  };
}

/** Patience ends within this many ticks, or the protocol's settings are wrong. */
const patienceTicksMax = 1000;

function alarmsOf({ terms, timeouts, ticks }: RaftLimits): [timeout: Alarm<RaftTerms>, tick: Alarm<RaftTerms>] {
  const timeout: Alarm<RaftTerms> = {
    budget: { countMax: timeouts },
    mayRing: (state) => state.term < terms,
    ring: waitOut,
    words: (id) => `${id}'s patience ends`,
  };
  const tick: Alarm<RaftTerms> = {
    budget: { countMax: ticks },
    mayRing: (state) => state.role === "leader",
    ring: (_, take) => take({ kind: "tick" }),
    words: (id) => `${id}'s clock ticks`,
  };
  return [timeout, tick];
}

/** As many ticks as it takes: to campaign, or to step down. */
function waitOut(core: Core<RaftTerms, RaftState>, take: (input: Input<RaftTerms>) => void): void {
  const hasTimedOut = ({ role, elapsed }: Readonly<RaftState>): boolean => role !== "leader" && elapsed === 0;
  for (let ticks = 0; ticks === 0 || !hasTimedOut(core.inspect()); ticks++) {
    invariant(ticks < patienceTicksMax, "patience ends in the end");
    take({ kind: "tick" });
  }
}

/** Reads are numbered from here on: the owner's numbers are never used twice. */
const firstRead = 100;

function startRaft(options: RaftOptions, group: readonly Member[], records: readonly RaftRecord[]): Raft {
  const recovery = new Recovery(group, timing.tailBytesMax);
  for (const record of records) recovery.take(record);
  return new Raft(options, { memory: recovery.finish() });
}

/** Nobody has waited for anything yet, and the next tick ends patience: when that comes is explored. */
function calm(state: RaftState): void {
  Object.assign(state.random, stillRandom);
  state.elapsed = 0;
  state.patience = 1;
  state.disk.stuckTicks = 0;
  for (const id of state.forwarding.proposed.keys()) state.forwarding.proposed.set(id, 0);
  for (const asked of state.forwarding.asked.values()) asked.ticks = 0;
  for (const want of state.wants.values()) want.ticks = 0;
  const { leadership, handedOver } = state;
  if (handedOver !== undefined) handedOver.ticks = 0;
  if (leadership === undefined) return;
  leadership.waitingTicks = 0;
  if (leadership.handover !== undefined) leadership.handover.ticks = 0;
  for (const round of leadership.rounds) round.ticks = 0;
  for (const peer of leadership.peers.values()) {
    peer.silentTicks = 0;
    peer.transferTicks = 0;
    peer.leftTicks = 0;
  }
}

/**
 * Leaves out what is the same for all (settings, chance), what can be computed from the rest, and votes of campaigns
 * that are over. Records are only ever compared with how many are durable, so they count from there.
 */
function essence(state: Readonly<RaftState>): unknown {
  const { config: _, random: __, now: ___, clock: ____, disk, log, delivery, due, forwarding, ...rest } = state;
  const since = (record: number): number => Math.max(0, record - disk.durable);
  const isCampaigning = state.role === "candidate" || state.role === "preCandidate";
  const { restoring } = delivery;
  return {
    ...rest,
    membership: membershipEssence(state.membership),
    forwarding: { ...forwarding, life: undefined },
    votes: isCampaigning ? state.votes : undefined,
    log: {
      ...log,
      runs: undefined,
      tailBytes: undefined,
      slice: undefined,
      configurations: log.configurations.map(({ index, membership }) => [index, membershipEssence(membership)]),
      saving: log.saving.map((save) => [since(save.record), save.last]),
    },
    due: { ...due, reported: { ...due.reported, membership: membershipEssence(due.reported.membership) } },
    delivery: { ...delivery, restoring: restoring && [restoring.snapshot, since(restoring.record)] },
    disk: [since(disk.asked), since(disk.stateRecord)],
  };
}

/** Who takes part, in no order; addresses are the ids. */
function membershipEssence({ members, outgoing, learners }: Membership): unknown {
  return [members, outgoing, learners].map((some) => new Set(some.map(({ id }) => id)));
}

/** An answer from a term that is over here for good, or in which this member has no office that waits for it. */
function isSpent(message: RaftMessage, state: Readonly<RaftState>): boolean {
  if (state.disk.stateRecord > state.disk.durable) return false; // the term may still be forgotten
  switch (message.kind) {
    case "preVoteReply":
      return message.term <= state.term;
    case "voteReply":
      return message.term < state.term || (message.term === state.term && state.role !== "candidate");
    case "appendReply":
    case "appendConflict":
    case "heartbeatReply":
      return message.term < state.term || (message.term === state.term && state.role !== "leader");
    default:
      return false;
  }
}

function stateWords({ role, term, votedFor, log, commit }: Readonly<RaftState>): string {
  const vote = votedFor === undefined ? "" : `, voted for ${votedFor}`;
  const entries = log.tail.map((entry) => `${textOf(entry)} of t${entry.term}`).join(", ");
  return `${role} in t${term}${vote}${entries === "" ? "" : `, log: ${entries}`}${commit === 0 ? "" : `, commit ${commit}`}`;
}
