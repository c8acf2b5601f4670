import type { NodeId } from "../../base/ids.ts";
import { invariant, unreachable } from "../../base/invariant.ts";
import type { Core, Input } from "../core.ts";
import { takeCredit } from "../delivery-window.ts";
import type { Found, LogRequest, SnapshotName } from "../replicated-log.ts";
import { answerFetch, offerSnapshot, serveChunk } from "./catching-up/offers.ts";
import { answerReconcile, receiveData, reconcile, serveUpdates, tickReconciling } from "./catching-up/reconciling.ts";
import { compact, receiveChunk, receiveOffer } from "./catching-up/snapshots.ts";
import { countPromise, isLoyal } from "./clients/lease.ts";
import {
  askBarrier,
  finishReadRounds,
  receiveRead,
  receiveReadOk,
  sendBarriers,
  startReadRound,
  tickReads,
} from "./clients/reads.ts";
import {
  clearPending,
  receiveClientUpdate,
  resendAll,
  sendUpdates,
  settle,
  storePending,
  takeProposal,
  tickUpdates,
} from "./clients/updates.ts";
import { trimTail } from "./log/history.ts";
import type { PaxosMemory } from "./log/recovery.ts";
import { change } from "./membership/changes.ts";
import { epochOf, leaderOf, nextViewOf } from "./membership/configurations.ts";
import { concludeRemoved, enterEpoch, reportMembership } from "./membership/epochs.ts";
import { continueHandover, handOver, settleHandover, tickHandover } from "./membership/transfer.ts";
import type { Of, PaxosMessage, PaxosVocabulary } from "./messages.ts";
import type { PaxosOptions } from "./options.ts";
import { noteAccept, orderAccepted, receiveHeartbeat, receiveProposal, sendAccepts } from "./order/accepting.ts";
import { advance, hintOrdered } from "./order/advance.ts";
import { deliver, takeDeliverySupply, updatesOf } from "./order/delivery.ts";
import { countOwnRuns, propose, receiveAccept, tellOrdered, tickProposals, tickTelling } from "./order/proposing.ts";
import { epochNow, isQuorumFor, newState, type PaxosOutbox, type PaxosState } from "./state.ts";
import { loseLink, receiveProof, receiveViewChange, tickView } from "./view/attempts.ts";
import { hearLeader, install, resign } from "./view/install.ts";
import { isHeard, noteHeard, sendProof, tell, tickProofs } from "./view/liveness.ts";
import { receivePrepare, receivePrepareOk, shiftToPrepare, tryToLead } from "./view/prepare.ts";

/** What a member starts with, besides its options. */
export interface PaxosStart {
  /** `firstMemory` for a new member, or what `Recovery` made of the stored records. */
  readonly memory: PaxosMemory;
  /** The owner has taken in everything through here, and never more than is ordered. Default 0. */
  readonly applied?: number;
  /** A snapshot whose first `received` bytes are already durable. */
  readonly incoming?: { readonly snapshot: SnapshotName; readonly received: number };
}

/**
 * One member of a Multi-Paxos group.
 *
 * Kirsch & Amir, "Paxos for System Builders", with recovery, reconciliation and changes of members.
 * Pure: the host carries messages, stores records and tells the time. What it owes is in `core.ts`.
 */
export class MultiPaxos implements Core<PaxosVocabulary, PaxosState> {
  #state: PaxosState;

  constructor(options: PaxosOptions, start: PaxosStart) {
    this.#state = newState(options, start.memory, start.applied ?? 0, start.incoming);
    invariant(this.#state.delivery.delivered >= this.#state.history.floor, "the owner starts where the log still is");
  }

  /** A member that goes on from `state`, once inspected and copied since; it owns the copy. */
  static resume(state: PaxosState): MultiPaxos {
    const { history, facts, snapshot, promised } = state;
    const memory: PaxosMemory = { promised: promised.view, history, facts, snapshot, pending: [] };
    const member = new MultiPaxos(state.config, { memory, applied: history.aru }); // what was comes with its state
    member.#state = state;
    return member;
  }

  inspect(): Readonly<PaxosState> {
    return this.#state;
  }

  step(inputs: readonly Input<PaxosVocabulary>[], now: number, out: PaxosOutbox): void {
    const state = this.#state;
    state.now = now;
    const askedBefore = state.disk.asked;
    for (const input of inputs) take(state, input, out);
    finish(state, askedBefore, out);
  }
}

function take(state: PaxosState, input: Input<PaxosVocabulary>, out: PaxosOutbox): void {
  switch (input.kind) {
    case "receive":
      return receive(state, input.from, input.message, out);
    case "request":
      return request(state, input.request, out);
    case "persisted":
      state.disk.durable = input.count;
      state.disk.stuckTicks = 0;
      return;
    case "link":
      return link(state, input.peer, input.up, out);
    case "tick":
      return tick(state, out);
    default:
      return unreachable(input);
  }
}

/** What the batch's inputs share is done once, here. */
function finish(state: PaxosState, askedBefore: number, out: PaxosOutbox): void {
  const { history, disk, config } = state;
  storePending(state, out);
  sendAccepts(state, out);
  if (state.leadership !== undefined) countOwnRuns(state, state.leadership, out);
  orderAccepted(state);
  advance(state, out);
  enterEpoch(state, out);
  tryToLead(state, out);
  const { leadership } = state;
  if (leadership !== undefined) {
    finishReadRounds(state, out); // makes room for the reads that wait
    startReadRound(state);
    continueHandover(state, leadership, out);
    propose(state, leadership, out);
    tellOrdered(state, leadership, out);
    finishReadRounds(state, out); // a member alone has confirmed itself
  } else {
    sendUpdates(state, out);
    sendBarriers(state, out);
  }
  if (disk.asked !== askedBefore) hintOrdered(state, out);
  reportLeader(state, out);
  settleHandover(state, out);
  reportMembership(state, out);
  deliver(state, out);
  settle(state, out);
  trimTail(history, disk.durable, config.tailBytesMax);
}

function reportLeader(state: PaxosState, out: PaxosOutbox): void {
  const { leader, lastInstalled: term, due, config } = state;
  const { reported } = due;
  if (reported.term === term && reported.leader === leader) return;
  const isNew = reported.leader !== leader || reported.term !== term;
  reported.term = term;
  reported.leader = leader;
  out.output({ kind: "leader", term, leader });
  if (isNew && leader !== undefined && leader !== config.id) resendAll(state, out);
}

function link(state: PaxosState, peer: NodeId, up: boolean, out: PaxosOutbox): void {
  if (peer === state.config.id) return; // hints may be wrong
  if (!up) return loseLink(state, peer, out);
  if (state.configuration !== undefined) sendProof(state, peer, out);
}

function tick(state: PaxosState, out: PaxosOutbox): void {
  const { disk, config } = state;
  state.clock++;
  disk.stuckTicks = disk.asked > disk.durable ? disk.stuckTicks + 1 : 0;
  tickWants(state, out);
  tickReads(state, out);
  tickUpdates(state, out);
  tickHandover(state, out);
  tickProofs(state, out);
  tickReconciling(state, out);
  if (state.clock % config.heartbeatTicks === 0) {
    hintOrdered(state, out);
    clearPending(state);
  }
  if (state.role === "leader") tickLeader(state, out);
  else tickView(state, out);
}

/** A leader that no quorum acknowledges, that makes no progress, or whose disk stands still gives up (V11). */
function tickLeader(state: PaxosState, out: PaxosOutbox): void {
  const { leadership, config, clock, history, disk } = state;
  if (leadership === undefined) return;
  const { progress, lastProposed, movedAt } = leadership;
  const isAcked = (id: NodeId) => id === config.id || clock - (progress.get(id)?.ackedAt ?? 0) < config.progressTicks;
  const isStalled = lastProposed > history.aru && clock - movedAt >= 2 * config.progressTicks * state.patience;
  const isStuck = disk.stuckTicks >= config.progressTicks;
  if (!isQuorumFor(state, isAcked)) return resign(state, false, out);
  if (isStalled || isStuck) return resign(state, true, out);
  if (lastProposed <= history.aru) {
    leadership.movedAt = clock;
    state.patience = 1;
  }
  tickProposals(state, leadership, out);
  if (clock % config.heartbeatTicks === 0) {
    leadership.round++;
    state.due.heartbeat = true;
  } else tickTelling(state, leadership, out);
}

/** Questions of others are asked again by them; those of our own delivery by us, under the same number. */
function tickWants(state: PaxosState, out: PaxosOutbox): void {
  const { wants, config, delivery } = state;
  for (const [want, question] of wants) {
    if (++question.ticks % config.progressTicks !== 0) continue;
    if (question.peer !== undefined || delivery.want !== want) wants.delete(want);
    else out.output({ kind: "want", want, what: question.what });
  }
}

function request(state: PaxosState, ask: LogRequest, out: PaxosOutbox): void {
  switch (ask.kind) {
    case "propose":
      return takeProposal(state, ask.id, ask.payloads, out);
    case "barrier":
      return askBarrier(state, ask.id, ask.mode, out);
    case "transfer":
      return handOver(state, ask, out);
    case "change":
      return change(state, ask, out);
    case "applied":
      return takeCredit(state.delivery, ask.index);
    case "snapshotTaken":
      return compact(state, ask.snapshot, out);
    case "resign":
      state.resigned = ask.reason;
      if (state.role === "leader" || state.role === "preparing") resign(state, true, out);
      return;
    case "resume":
      state.resigned = undefined;
      return;
    case "supply":
      return supply(state, ask.want, ask.found, out);
    default:
      return unreachable(ask);
  }
}

function supply(state: PaxosState, want: number, found: Found, out: PaxosOutbox): void {
  const question = state.wants.get(want);
  if (question === undefined) return; // answered before, or needed no more
  state.wants.delete(want);
  const { peer, what } = question;
  if (peer === undefined) return takeDeliverySupply(state, want, found, out);
  if (what.kind === "chunk") return serveChunk(state, peer, what.snapshot, found, out);
  if (found.kind === "entries") serveUpdates(state, peer, found.from, updatesOf(found.entries), out);
  else offerSnapshot(state, peer, out);
}

/** Sorts a message by its epoch, then hands it on (A1, A2): what is not about an epoch is answered in any. */
function receive(state: PaxosState, from: NodeId, message: PaxosMessage, out: PaxosOutbox): void {
  invariant(from !== state.config.id, "nobody speaks to itself");
  const isNewlyHeard = !isHeard(state, from);
  noteHeard(state, from, message);
  switch (message.kind) {
    case "viewProof":
      concludeRemoved(state, from, message.epoch, out);
      return receiveProof(state, from, message, isNewlyHeard, out);
    case "clientUpdate":
      return receiveClientUpdate(state, from, message, out);
    case "read":
    case "leaseRead":
      return receiveRead(state, from, message, out);
    case "readOk":
      return receiveReadOk(state, message, out);
    case "reconcile":
      return answerReconcile(state, from, message, out);
    case "reconcileData":
      return receiveData(state, from, message, out);
    case "offer":
      return receiveOffer(state, from, message, out);
    case "fetch":
      return answerFetch(state, from, message, out);
    case "chunk":
      return receiveChunk(state, from, message, out);
    default:
      if (message.epoch > epochNow(state)) return reconcile(state, from, out);
      if (message.epoch < epochNow(state)) return tell(state, from, out);
      return receiveInEpoch(state, from, message, out);
  }
}

type InEpoch = Of<
  | "viewChange"
  | "prepare"
  | "heirPrepare"
  | "prepareOk"
  | "proposal"
  | "accept"
  | "heartbeat"
  | "heartbeatOk"
  | "grant"
  | "transfer"
>;

function receiveInEpoch(state: PaxosState, from: NodeId, message: InEpoch, out: PaxosOutbox): void {
  switch (message.kind) {
    case "prepare":
    case "heirPrepare":
    case "proposal":
    case "heartbeat":
    case "transfer":
      return receiveFromLeader(state, from, message, out);
    case "viewChange":
      if (isVoter(state, from)) receiveViewChange(state, from, message, out);
      return;
    case "prepareOk":
      if (isVoter(state, from)) receivePrepareOk(state, from, message, out);
      return;
    case "accept": {
      const progress = state.leadership?.progress.get(from);
      if (progress !== undefined) receiveAccept(state, progress, message);
      else if (state.leadership === undefined) noteAccept(state, from, message);
      return;
    }
    case "grant":
    case "heartbeatOk": {
      const progress = state.leadership?.progress.get(from);
      if (progress === undefined || message.view !== state.lastInstalled) return;
      progress.ackedAt = state.clock;
      progress.round = Math.max(progress.round, message.round);
      if (message.kind === "grant") countPromise(state, progress, message);
      return;
    }
    default:
      return unreachable(message);
  }
}

function isVoter({ configuration }: PaxosState, id: NodeId): boolean {
  return configuration?.members.some((member) => member.id === id) ?? false;
}

/** Only the leader of a view speaks for it (A4); who does so for an old one is told of ours (A6). */
function receiveFromLeader(
  state: PaxosState,
  from: NodeId,
  message: Of<"prepare" | "heirPrepare" | "proposal" | "heartbeat" | "transfer">,
  out: PaxosOutbox,
): void {
  const { configuration } = state;
  const { view } = message;
  if (configuration === undefined || epochOf(view) !== configuration.epoch) return;
  if (leaderOf(configuration, view) !== from) return;
  if (view < state.lastInstalled) return tell(state, from, out);
  if (message.kind === "prepare" || message.kind === "heirPrepare") return receivePrepare(state, from, message, out);
  if (message.kind === "transfer") return receiveTransfer(state, view, out);
  if (view > state.lastInstalled || state.role === "election") install(state, view, out); // V8
  hearLeader(state, from);
  if (message.kind === "proposal") receiveProposal(state, from, message, out);
  else receiveHeartbeat(state, from, message, out);
}

/** The leader hands over to us: we prepare a view of our own, and ask nobody whether we may (X2). */
function receiveTransfer(state: PaxosState, view: number, out: PaxosOutbox): void {
  const { configuration, config, resigned, role, disk } = state;
  if (configuration === undefined || view !== state.lastInstalled || role !== "follower") return;
  if (isLoyal(state, view)) return; // told again with the next heartbeat
  if (resigned !== undefined || disk.stuckTicks >= config.progressTicks) return;
  shiftToPrepare(state, nextViewOf(configuration, Math.max(view, state.promised.view), config.id), view, out);
}
