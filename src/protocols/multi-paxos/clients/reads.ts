import type { NodeId } from "../../../base/ids.ts";
import type { Of } from "../messages.ts";
import {
  type BarrierMode,
  isQuorumFor,
  type Leadership,
  type PaxosOutbox,
  type PaxosState,
  type ReadAsk,
  refuse,
  sendAhead,
} from "../state.ts";
import { holdsLease } from "./lease.ts";

/** Rounds under way at once; more reads wait and share the next. */
const roundsMax = 2;

/** A barrier of our owner: a question to the leader, with the others of this step. */
export function askBarrier(state: PaxosState, id: number, mode: BarrierMode, out: PaxosOutbox): void {
  const { leadership, config, due } = state;
  if (leadership !== undefined) return takeAsk(state, leadership, { origin: undefined, id }, mode, out);
  let waiting = due.barriers.length;
  for (const { ids } of state.asked.values()) waiting += ids.length;
  if (state.leader === undefined) refuse(state, id, "no-leader", out);
  else if (waiting >= config.waitingCountMax) refuse(state, id, "busy", out);
  else due.barriers.push({ id, mode });
}

/** Sends this step's barriers to the leader, as one question (B2); by lease, if that is enough for all of them. */
export function sendBarriers(state: PaxosState, out: PaxosOutbox): void {
  const { due, leader, life } = state;
  if (due.barriers.length === 0 || leader === undefined) return;
  const ask = ++state.asks;
  state.asked.set(ask, { ids: due.barriers.map(({ id }) => id), ticks: 0 });
  const kind = due.barriers.every(({ mode }) => mode === "lease") ? "leaseRead" : "read";
  due.barriers = [];
  sendAhead(state, leader, { kind, life, ask }, out);
}

/** Another member's reads join our own; who does not lead refuses them. */
export function receiveRead(
  state: PaxosState,
  from: NodeId,
  message: Of<"read" | "leaseRead">,
  out: PaxosOutbox,
): void {
  const ask = { origin: { peer: from, life: message.life }, id: message.ask };
  if (state.leadership === undefined) return answerRead(state, ask, undefined, out);
  takeAsk(state, state.leadership, ask, message.kind === "leaseRead" ? "lease" : "quorum", out);
}

/** Takes the leader's answer; those given up before are ignored. */
export function receiveReadOk(state: PaxosState, message: Of<"readOk">, out: PaxosOutbox): void {
  const asked = state.asked.get(message.ask);
  if (asked === undefined || message.life !== state.life) return;
  state.asked.delete(message.ask);
  if (message.next > 0) out.output({ kind: "readable", ids: asked.ids, index: message.next - 1 });
  else for (const id of asked.ids) refuse(state, id, "no-leader", out);
}

function takeAsk(state: PaxosState, leadership: Leadership, ask: ReadAsk, mode: BarrierMode, out: PaxosOutbox): void {
  const { aru } = state.history;
  const isReadable = readableFrom(state, leadership) === aru;
  if (mode === "lease" && isReadable && holdsLease(state)) return answerRead(state, ask, aru, out);
  const waiting = leadership.rounds.reduce((count, { asks }) => count + asks.length, leadership.waiting.length);
  if (waiting < state.config.waitingCountMax) leadership.waiting.push(ask);
  else if (ask.origin === undefined) refuse(state, ask.id, "busy", out);
  else answerRead(state, ask, undefined, out);
}

/**
 * From where on a read is linearizable that begins now (B3).
 *
 * From where an earlier leader may have ordered up to: the plan's top. In the paper's form others may have ordered, and
 * answered, all that was proposed. With the end of the epoch among it, they may be in the next one already: what reads
 * from there is never answered, for who orders that far is no leader any more (B6).
 */
function readableFrom({ config, history }: PaxosState, { planTop, lastProposed }: Leadership): number {
  return Math.max(planTop, config.acceptsTo === "all" ? lastProposed : history.aru);
}

/** Starts a round for all reads that wait for one (B1): heartbeats carry it. */
export function startReadRound(state: PaxosState): void {
  const { leadership, due } = state;
  if (leadership === undefined || leadership.waiting.length === 0 || leadership.rounds.length >= roundsMax) return;
  const asks = leadership.waiting;
  leadership.waiting = [];
  leadership.waitingTicks = 0;
  leadership.round++;
  leadership.rounds.push({ round: leadership.round, seq: readableFrom(state, leadership), asks, ticks: 0 });
  due.heartbeat = true;
}

/** Answers the reads of rounds that a quorum, ourselves included, has confirmed, and whose place is ordered. */
export function finishReadRounds(state: PaxosState, out: PaxosOutbox): void {
  const { leadership, history, config } = state;
  if (leadership === undefined) return;
  for (let next = leadership.rounds[0]; next !== undefined; next = leadership.rounds[0]) {
    const { round, seq, asks } = next;
    const hasAnswered = (id: NodeId) => id === config.id || (leadership.progress.get(id)?.round ?? 0) >= round;
    if (seq > history.aru || !isQuorumFor(state, hasAnswered)) return;
    leadership.rounds.shift();
    answerRound(state, asks, seq, out);
  }
}

function answerRound(state: PaxosState, asks: readonly ReadAsk[], seq: number, out: PaxosOutbox): void {
  const own = asks.filter(({ origin }) => origin === undefined).map(({ id }) => id);
  if (own.length > 0) out.output({ kind: "readable", ids: own, index: seq });
  for (const ask of asks) if (ask.origin !== undefined) answerRead(state, ask, seq, out);
}

/** Refuses all reads of a leader that leads no more: another may have ordered what they must show (B4, B6). */
export function refuseReads(state: PaxosState, { rounds, waiting }: Leadership, out: PaxosOutbox): void {
  for (const { asks } of rounds) refuseAsks(state, asks, out);
  refuseAsks(state, waiting, out);
}

function refuseAsks(state: PaxosState, asks: readonly ReadAsk[], out: PaxosOutbox): void {
  for (const ask of asks) answerRead(state, ask, undefined, out);
}

/** The leader is lost or another: barriers asked of it are refused. */
export function abandonBarriers(state: PaxosState, out: PaxosOutbox): void {
  for (const { id } of state.due.barriers.splice(0)) refuse(state, id, "no-leader", out);
  for (const { ids } of state.asked.values()) for (const id of ids) refuse(state, id, "no-leader", out);
  state.asked.clear();
}

/** One tick: reads that waited twice as long as for a leader are refused, so that none waits for ever. */
export function tickReads(state: PaxosState, out: PaxosOutbox): void {
  const { leadership, config, asked } = state;
  const ticksMax = 2 * config.progressTicks;
  for (const [ask, question] of asked) {
    if (++question.ticks <= ticksMax) continue;
    asked.delete(ask);
    for (const id of question.ids) refuse(state, id, "no-leader", out);
  }
  if (leadership === undefined) return;
  if (leadership.waiting.length > 0 && ++leadership.waitingTicks > ticksMax) {
    refuseAsks(state, leadership.waiting.splice(0), out);
  }
  for (const round of leadership.rounds) round.ticks++;
  while ((leadership.rounds[0]?.ticks ?? 0) > ticksMax) {
    refuseAsks(state, leadership.rounds.shift()?.asks ?? [], out);
  }
}

/** `undefined` refuses for want of a leader. */
function answerRead(state: PaxosState, { origin, id }: ReadAsk, index: number | undefined, out: PaxosOutbox): void {
  if (origin !== undefined) {
    const { peer, life } = origin;
    sendAhead(state, peer, { kind: "readOk", life, ask: id, next: index === undefined ? 0 : index + 1 }, out);
  } else if (index !== undefined) out.output({ kind: "readable", ids: [id], index });
  else refuse(state, id, "no-leader", out);
}
