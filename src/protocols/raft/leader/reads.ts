import type { NodeId } from "../../../base/ids.ts";
import type { Outbox } from "../../core.ts";
import type { RaftVocabulary } from "../messages.ts";
import { type BarrierMode, type Leadership, type RaftState, type ReadAsk, sendUnbound } from "../state.ts";
import { agreed } from "./agreement.ts";
import { holdsLease } from "./lease.ts";
import type { Progress } from "./progress.ts";

/** Rounds under way at once; more reads wait and share the next. */
const roundsMax = 4;

/** A read barrier asked of the leader, by its owner (`origin` undefined) or by a follower (dissertation §6.4). */
export function askBarrier(state: RaftState, ask: ReadAsk, mode: BarrierMode, out: Outbox<RaftVocabulary>): void {
  const { leadership } = state;
  if (leadership === undefined) return answerRead(state, ask, 0, out);
  if (mode === "lease" && holdsLease(state)) return answerRead(state, ask, state.commit, out);
  if (waitingCount(leadership) >= state.config.waitingCountMax) return refuseRead(state, ask, "busy", out);
  leadership.waiting.push(ask);
}

function waitingCount(leadership: Leadership): number {
  return leadership.rounds.reduce((count, round) => count + round.asks.length, leadership.waiting.length);
}

/**
 * Starts a round for all reads that wait for one: true when heartbeats must carry it.
 *
 * Before the term's first commit the leader may not know how far older terms were committed: reads wait (§6.4, step 1).
 */
export function startReadRound(state: RaftState): boolean {
  const { leadership } = state;
  if (leadership === undefined || leadership.waiting.length === 0) return false;
  if (state.commit < leadership.opening || leadership.rounds.length >= roundsMax) return false;
  leadership.round++;
  leadership.rounds.push({ round: leadership.round, index: state.commit, asks: leadership.waiting, ticks: 0 });
  leadership.waiting = [];
  leadership.waitingTicks = 0;
  return true;
}

/** Answers the reads of all rounds that a majority, ourselves included, has confirmed. */
export function finishReadRounds(state: RaftState, out: Outbox<RaftVocabulary>): void {
  const { leadership } = state;
  if (leadership === undefined || leadership.rounds.length === 0) return;
  const confirmed = agreed(state, leadership.round, roundOf);
  while ((leadership.rounds[0]?.round ?? Number.POSITIVE_INFINITY) <= confirmed) {
    const round = leadership.rounds.shift();
    if (round !== undefined) answerRound(state, round.asks, round.index, out);
  }
}

function roundOf(progress: Progress): number {
  return progress.round;
}

function answerRound(state: RaftState, asks: readonly ReadAsk[], index: number, out: Outbox<RaftVocabulary>): void {
  const own = asks.filter((ask) => ask.origin === undefined).map((ask) => ask.id);
  if (own.length > 0) out.output({ kind: "readable", ids: own, index });
  for (const ask of asks) if (ask.origin !== undefined) answerRead(state, ask, index, out);
}

/** One tick: reads that waited twice an election timeout are refused, so that none waits for ever. */
export function tickReads(state: RaftState, out: Outbox<RaftVocabulary>): void {
  const { leadership } = state;
  if (leadership === undefined) return;
  const ticksMax = 2 * state.config.electionTicks;
  if (leadership.waiting.length > 0 && ++leadership.waitingTicks > ticksMax) {
    for (const ask of leadership.waiting.splice(0)) answerRead(state, ask, 0, out);
    leadership.waitingTicks = 0;
  }
  for (const round of leadership.rounds) round.ticks++;
  while ((leadership.rounds[0]?.ticks ?? 0) > ticksMax) {
    for (const ask of leadership.rounds.shift()?.asks ?? []) answerRead(state, ask, 0, out);
  }
}

/** Refuses all reads of a leader that steps down: another may have committed what they must show. */
export function refuseReads(state: RaftState, out: Outbox<RaftVocabulary>): void {
  const { leadership } = state;
  if (leadership === undefined) return;
  const asks = [...leadership.rounds.flatMap((round) => round.asks), ...leadership.waiting];
  leadership.rounds = [];
  leadership.waiting = [];
  for (const ask of asks) answerRead(state, ask, 0, out);
}

/** Index 0 refuses for want of a leader. */
function answerRead(state: RaftState, ask: ReadAsk, index: number, out: Outbox<RaftVocabulary>): void {
  if (ask.origin === undefined && index > 0) out.output({ kind: "readable", ids: [ask.id], index });
  else if (ask.origin === undefined) refuseRead(state, ask, "no-leader", out);
  else replyToBarrier(state, ask.origin.peer, ask.origin.life, ask.id, index, out);
}

function refuseRead(state: RaftState, ask: ReadAsk, reason: "busy" | "no-leader", out: Outbox<RaftVocabulary>): void {
  if (ask.origin !== undefined) replyToBarrier(state, ask.origin.peer, ask.origin.life, ask.id, 0, out);
  else out.output({ kind: "refused", id: ask.id, reason, leader: state.leader });
}

/** Claims only what is committed, or nothing. */
export function replyToBarrier(
  state: RaftState,
  to: NodeId,
  life: number,
  ask: number,
  index: number,
  out: Outbox<RaftVocabulary>,
): void {
  sendUnbound(state, to, { kind: "barrierReply", term: state.term, life, ask, index }, out);
}
