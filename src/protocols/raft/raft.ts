import type { NodeId } from "../../base/ids.ts";
import { invariant, unreachable } from "../../base/invariant.ts";
import type { Core, Input } from "../core.ts";
import { takeCredit } from "../delivery-window.ts";
import { type Found, isVoter, type LogRequest } from "../replicated-log.ts";
import { compact, deliver, takeDeliverySupply } from "./delivery.ts";
import {
  answerPreVote,
  answerVote,
  countOwnVote,
  follow,
  isLoyal,
  loseLeader,
  receivePreVoteReply,
  receiveTimeoutNow,
  receiveVoteReply,
  relink,
  stepDown,
  tickElection,
  tickQuorum,
} from "./election.ts";
import { receiveAppend, receiveHeartbeat, sendAppendReply } from "./follower/following.ts";
import {
  forwardBarrier,
  receiveBarrier,
  receiveBarrierReply,
  receiveForward,
  receiveForwardReply,
  refuseForward,
  sendForwards,
  sendVerdicts,
  tickForwarding,
} from "./follower/forwarding.ts";
import { receiveChunk } from "./follower/receiving.ts";
import { change, leaveJoint, tickFarewells } from "./leader/changes.ts";
import {
  continueHandover,
  handOver,
  isHandoverOver,
  retire,
  settleHandover,
  tickHandedOver,
} from "./leader/handover.ts";
import type { Progress } from "./leader/progress.ts";
import { askBarrier, finishReadRounds, replyToBarrier, startReadRound, tickReads } from "./leader/reads.ts";
import {
  advanceCommit,
  receiveAppendConflict,
  receiveAppendReply,
  receiveHeartbeatReply,
  replicate,
  takeSupply,
  tellCommits,
} from "./leader/replication.ts";
import { receiveChunkReply, tickTransfers } from "./leader/transfer.ts";
import { entriesSaved, saveEntries, trimTail } from "./log/log.ts";
import { beginToJoin, receiveRemoved, reportMembership } from "./membership.ts";
import type { RaftMessage, RaftVocabulary } from "./messages.ts";
import type { RaftOptions } from "./options.ts";
import { propose, settle } from "./proposals.ts";
import { newState, type RaftMemory, type RaftOutbox, type RaftState, sendUnbound, speaksOld } from "./state.ts";

/** What a member starts with, besides its options. */
export interface RaftStart {
  /** `firstMemory` for a new member, or what `Recovery` made of the stored records. */
  readonly memory: RaftMemory;
  /** The owner has taken in everything through here, and never more than is committed. Default 0. */
  readonly applied?: number;
  /** A snapshot whose first `received` bytes are already durable. */
  readonly incoming?: RaftState["incoming"];
}

/**
 * One member of a Raft group.
 *
 * Ongaro & Ousterhout 2014, and Ongaro's dissertation for pre-vote, check-quorum and read barriers.
 * Pure: the host carries messages, stores records and tells the time. What it owes is in `core.ts`.
 */
export class Raft implements Core<RaftVocabulary, RaftState> {
  #state: RaftState;

  constructor(options: RaftOptions, start: RaftStart) {
    this.#state = newState(options, start.memory, start.applied ?? 0, start.incoming);
    invariant(this.#state.delivery.delivered >= this.#state.log.base.index, "the owner starts where the log still is");
  }

  /** A member that goes on from `state`, once inspected and copied since; it owns the copy. */
  static resume(state: RaftState): Raft {
    const raft = new Raft(state.config, { memory: state, applied: state.delivery.applied });
    raft.#state = state;
    return raft;
  }

  inspect(): Readonly<RaftState> {
    return this.#state;
  }

  step(inputs: readonly Input<RaftVocabulary>[], now: number, out: RaftOutbox): void {
    const state = this.#state;
    state.now = now;
    for (const input of inputs) take(state, input, out);
    finish(state, out);
  }
}

function take(state: RaftState, input: Input<RaftVocabulary>, out: RaftOutbox): void {
  switch (input.kind) {
    case "receive":
      return receive(state, input.from, input.message, out);
    case "request":
      return request(state, input.request, out);
    case "persisted":
      return persisted(state, input.count, out);
    case "link":
      return link(state, input);
    case "tick":
      return tick(state, out);
    default:
      return unreachable(input);
  }
}

/** What the batch's inputs share is done once, here: records first, then what waits for them. */
function finish(state: RaftState, out: RaftOutbox): void {
  const { log, config, disk, due } = state;
  if (state.role === "leader") {
    advanceCommit(state);
    leaveJoint(state);
    retire(state);
  }
  saveEntries(log, config.appendBytesMax, out);
  disk.asked = Math.max(disk.asked, log.saving.at(-1)?.record ?? 0);
  if (state.role === "leader") {
    finishReadRounds(state, out); // makes room for the reads that wait
    if (startReadRound(state)) due.heartbeat = true;
    continueHandover(state, out);
    replicate(state, out);
    finishReadRounds(state, out); // a member alone has confirmed itself
  } else {
    sendForwards(state, out);
    sendAppendReply(state, out);
  }
  sendVerdicts(state, out);
  if (due.reported.term !== state.term || due.reported.leader !== state.leader) {
    due.reported.term = state.term;
    due.reported.leader = state.leader;
    out.output({ kind: "leader", term: state.term, leader: state.leader });
  }
  settleHandover(state, out);
  reportMembership(state, out);
  deliver(state, out);
  settle(state, out);
  trimTail(log, state.commit, config.tailBytesMax);
}

function persisted(state: RaftState, count: number, out: RaftOutbox): void {
  state.disk.durable = count;
  state.disk.stuckTicks = 0;
  entriesSaved(state.log, count);
  countOwnVote(state, out);
}

function link(state: RaftState, { peer, up, speaks }: Extract<Input<RaftVocabulary>, { kind: "link" }>): void {
  if (speaks !== undefined) state.speaks.set(peer, speaks);
  else if (up) state.speaks.delete(peer); // not known, so taken for the current one
  if (state.role === "leader") relink(state, peer);
  else if (!up && peer === state.leader) loseLeader(state);
}

function tick(state: RaftState, out: RaftOutbox): void {
  const { disk, config } = state;
  if (config.leases) countLeaseTick(state);
  disk.stuckTicks = disk.asked > disk.durable ? disk.stuckTicks + 1 : 0;
  tickWants(state, out);
  tickForwarding(state, out);
  tickHandedOver(state, out);
  if (state.role !== "leader") return tickElection(state, out);
  tickQuorum(state, out);
  if (state.role === "leader" && disk.stuckTicks >= config.electionTicks) stepDown(state, out);
  if (state.role === "leader" && isHandoverOver(state, out) && !isVoter(state.membership, config.id))
    stepDown(state, out);
  if (state.role !== "leader") return;
  state.elapsed++;
  if (state.elapsed % config.heartbeatTicks === 0) beat(state);
  else tellCommits(state, out);
  tickReads(state, out);
  tickTransfers(state, out);
  tickFarewells(state);
}

function countLeaseTick(state: RaftState): void {
  state.clock++;
  state.loyalTicks = Math.max(0, state.loyalTicks - 1);
}

/** A heartbeat is due. For leases each is a round of its own, so that it is known when the answered one was sent. */
function beat({ leadership, config, due }: RaftState): void {
  due.heartbeat = true;
  if (config.leases && leadership !== undefined) leadership.round++;
}

/**
 * A question that storage has not answered for an election timeout is asked again, should it have got lost.
 *
 * Under the same number: the answer may take longer than that every time, and still counts when it comes.
 */
function tickWants(state: RaftState, out: RaftOutbox): void {
  for (const [want, question] of state.wants) {
    const asker = question.peer === undefined ? state.delivery : state.leadership?.peers.get(question.peer);
    if (asker?.want !== want) state.wants.delete(want);
    else if (++question.ticks % state.config.electionTicks === 0)
      out.output({ kind: "want", want, what: question.what });
  }
}

function request(state: RaftState, ask: LogRequest, out: RaftOutbox): void {
  switch (ask.kind) {
    case "propose":
      return propose(state, ask.id, ask.payloads, out);
    case "barrier":
      if (state.role === "leader") return askBarrier(state, { origin: undefined, id: ask.id }, ask.mode, out);
      return forwardBarrier(state, ask.id, ask.mode, out);
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
      if (state.role === "leader") stepDown(state, out);
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

function supply(state: RaftState, want: number, found: Found, out: RaftOutbox): void {
  const question = state.wants.get(want);
  if (question === undefined) return; // answered before, or needed no more
  state.wants.delete(want);
  if (question.peer === undefined) takeDeliverySupply(state, want, found, out);
  else takeSupply(state, question.peer, want, found, out);
}

/** Sorts a message by its term, then hands it on (Raft paper §5.1). */
function receive(state: RaftState, from: NodeId, message: RaftMessage, out: RaftOutbox): void {
  if (message.term > state.term && !adoptTerm(state, from, message, out)) return;
  if (message.term < state.term && answerOldTerm(state, from, message, out)) return;
  dispatch(state, from, message, state.leadership?.peers.get(from), out);
}

/** Moves to the newer term of a message; false when the message is not to be handled. */
function adoptTerm(state: RaftState, from: NodeId, message: RaftMessage, out: RaftOutbox): boolean {
  switch (message.kind) {
    case "preVote":
      return true; // asks about a term that nobody is in yet
    case "preVoteReply":
      if (!message.granted) follow(state, message.term, undefined, out);
      return message.granted;
    case "vote":
      if (!message.isHandedOver && isLoyal(state)) return false; // a live leader is not deposed by who cannot hear it
      follow(state, message.term, undefined, out);
      return true;
    case "append":
    case "heartbeat":
    case "chunk":
    case "timeoutNow":
      follow(state, message.term, from, out);
      return true;
    default:
      follow(state, message.term, undefined, out);
      return true;
  }
}

/** Tells a sender of an older term about ours; true when that is all the answer there is. */
function answerOldTerm(state: RaftState, from: NodeId, message: RaftMessage, out: RaftOutbox): boolean {
  const { term } = state;
  switch (message.kind) {
    case "append":
    case "heartbeat":
    case "chunk":
      sendUnbound(state, from, { kind: "heartbeatReply", term, round: 0, match: 0, missing: false }, out);
      return true;
    case "vote":
      sendUnbound(state, from, { kind: "voteReply", term, granted: false }, out);
      return true;
    case "forward":
      refuseForward(state, from, message);
      return true;
    case "barrier":
      replyToBarrier(state, from, message.life, message.ask, 0, out);
      return true;
    case "preVote":
      return false; // refused below, with our term
    case "removed":
      return false; // what is committed stays so
    default:
      return true;
  }
}

function dispatch(
  state: RaftState,
  from: NodeId,
  message: RaftMessage,
  progress: Progress | undefined,
  out: RaftOutbox,
): void {
  switch (message.kind) {
    case "preVote":
      return answerPreVote(state, from, message, out);
    case "preVoteReply":
      return receivePreVoteReply(state, from, message, out);
    case "vote":
      return answerVote(state, from, message, out);
    case "voteReply":
      return receiveVoteReply(state, from, message, out);
    case "append":
    case "heartbeat":
    case "chunk":
      return obey(state, from, message, out);
    case "forward":
      return state.role === "leader" ? receiveForward(state, from, message) : refuseForward(state, from, message);
    case "forwardReply":
      return receiveForwardReply(state, message, out);
    case "barrier":
      return receiveBarrier(state, from, message, out);
    case "barrierReply":
      return receiveBarrierReply(state, message, out);
    case "timeoutNow":
      return receiveTimeoutNow(state, out);
    case "removed":
      return receiveRemoved(state, message, out);
    default:
      if (progress !== undefined) hear(state, progress, message, out);
  }
}

type FromLeader = Extract<RaftMessage, { kind: "append" | "heartbeat" | "chunk" }>;
type FromFollower = Extract<RaftMessage, { kind: "appendReply" | "appendConflict" | "heartbeatReply" | "chunkReply" }>;

/** A message from the leader of our term. */
function obey(state: RaftState, from: NodeId, message: FromLeader, out: RaftOutbox): void {
  invariant(state.role !== "leader", "a term has at most one leader (Election Safety)");
  if (state.leader !== from || state.role !== "follower") follow(state, state.term, from, out);
  beginToJoin(state, message.session, out);
  switch (message.kind) {
    case "append":
      return receiveAppend(state, from, message, out);
    case "heartbeat":
      return receiveHeartbeat(state, from, message, out);
    case "chunk":
      return receiveChunk(state, from, message, out);
    default:
      return unreachable(message);
  }
}

/** An answer to what we sent as leader of this term: proof that it hears us, as nothing else is. */
function hear(state: RaftState, progress: Progress, message: FromFollower, out: RaftOutbox): void {
  const isOfVersionOne = message.session === undefined && speaksOld(state, progress.id);
  if (message.session !== progress.session && !isOfVersionOne) return; // said before it was removed and came back
  progress.silentTicks = 0;
  switch (message.kind) {
    case "appendReply":
      return receiveAppendReply(state, progress, message);
    case "appendConflict":
      return receiveAppendConflict(state, progress, message, out);
    case "heartbeatReply":
      return receiveHeartbeatReply(state, progress, message);
    case "chunkReply":
      return receiveChunkReply(state, progress, message);
    default:
      return unreachable(message);
  }
}
