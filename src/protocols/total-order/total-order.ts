import type { NodeId } from "../../base/ids.ts";
import { unreachable } from "../../base/invariant.ts";
import type { Core, Input } from "../core.ts";
import type { GenesisRecord, TotalOrderMessage, TotalOrderRequest, TotalOrderVocabulary } from "./messages.ts";
import { checkSeeds, type TotalOrderOptions } from "./options.ts";
import { consume, deliver, giveWaiting } from "./order/delivery.ts";
import { answer, forget, receiveData, receiveHeader, receiveMissing, tickLinks, tickRepeats } from "./order/links.ts";
import { multicast, sendFrame, tickLeaving } from "./order/multicast.ts";
import { isWedged, newState, peerAt, type TotalOrderOutbox, type TotalOrderState } from "./state.ts";
import { stampOf } from "./telling.ts";
import {
  answerAccept,
  answerPrepare,
  hearDurable,
  receiveAccepted,
  receivePromise,
  receiveRefuse,
} from "./view/agreement.ts";
import { tickChange } from "./view/change.ts";
import { end } from "./view/ending.ts";
import { install } from "./view/install.ts";
import { answerOtherView, answerSeeker, receiveJoin, reportForeign, tickApplicants } from "./view/joining.ts";
import { hearMember, hearSeeker, tickSeeking } from "./view/seeking.ts";
import { receivePiece, receiveStateAck, sendPiece, tickTransfers } from "./view/transfer.ts";

/**
 * One member of a group that delivers everything in one order, without a leader and without a disk.
 *
 * Lamport timestamps over links that it makes reliable itself; the members agree on views, and those that go on
 * together have delivered the same (virtual synchrony). Pure: the host carries messages and tells ticks.
 */
export class TotalOrder implements Core<TotalOrderVocabulary, TotalOrderState> {
  readonly #state: TotalOrderState;

  /** `genesis`: what an earlier run on this node stored last. `state`: where it goes on, if it does not start. */
  constructor(
    options: TotalOrderOptions,
    genesis?: GenesisRecord,
    state: TotalOrderState = newState(options, genesis),
  ) {
    this.#state = state;
  }

  /** A member that goes on from `state`, once inspected and copied since; it owns the copy. */
  static resume(state: TotalOrderState): TotalOrder {
    return new TotalOrder(state.config, undefined, state);
  }

  inspect(): Readonly<TotalOrderState> {
    return this.#state;
  }

  step(inputs: readonly Input<TotalOrderVocabulary>[], _now: number, out: TotalOrderOutbox): void {
    const state = this.#state;
    state.due.isTold = false;
    for (const input of inputs) take(state, input, out);
    finish(state, out);
  }
}

function take(state: TotalOrderState, input: Input<TotalOrderVocabulary>, out: TotalOrderOutbox): void {
  switch (input.kind) {
    case "receive":
      return receive(state, input.from, input.message, out);
    case "request":
      return request(state, input.request, out);
    case "persisted":
      return hearDurable(state, input.count, out);
    case "link":
      return; // silence tells who is gone, and a broken link may come back before that
    case "tick":
      return tick(state, out);
    default:
      return unreachable(input);
  }
}

/** What the batch's inputs share is done once, here (L10). */
function finish(state: TotalOrderState, out: TotalOrderOutbox): void {
  const { due } = state;
  if (state.phase === "member") {
    if (isWedged(state)) giveWaiting(state, out);
    else {
      do deliver(state, out);
      while (sendFrame(state, out));
    }
    answer(state, out);
    forget(state);
  }
  due.answer = 0;
  due.tell = false;
  due.replies.clear();
}

function request(state: TotalOrderState, ask: TotalOrderRequest, out: TotalOrderOutbox): void {
  switch (ask.kind) {
    case "multicast":
      return multicast(state, ask.id, ask.payload, out);
    case "leave":
      state.leavingTicks ??= 0;
      if (state.phase === "seeking") end(state, { kind: "left" }, out);
      return;
    case "seeds":
      checkSeeds(ask.seeds, state.config);
      state.seeds = ask.seeds;
      return;
    case "state":
      return sendPiece(state, ask, out);
    case "consumed":
      return consume(state, ask.position);
    default:
      return unreachable(ask);
  }
}

function tick(state: TotalOrderState, out: TotalOrderOutbox): void {
  if (state.phase === "seeking") tickSeeking(state, out);
  else if (state.phase === "member") {
    tickApplicants(state, out);
    tickRepeats(state, out);
    tickLinks(state, out);
    tickTransfers(state, out);
    tickLeaving(state, out);
    if (state.phase === "member") tickChange(state, out);
  }
}

function receive(state: TotalOrderState, from: NodeId, message: TotalOrderMessage, out: TotalOrderOutbox): void {
  if (message.kind === "install") return receiveInstall(state, from, message, out);
  if (state.phase === "seeking") receiveAsSeeker(state, from, message, out);
  else if (state.phase === "member") receiveAsMember(state, from, message, out);
}

/** Whoever tells of a decision need not be in our view, or in any; if not in the next, it may wait for a word of it. */
function receiveInstall(
  state: TotalOrderState,
  from: NodeId,
  message: Extract<TotalOrderMessage, { readonly kind: "install" }>,
  out: TotalOrderOutbox,
): void {
  const { stamp, decree } = message;
  if (state.phase === "seeking" && stamp.group !== "") hearMember(state, from, out);
  if (state.phase === "member" && decree.group !== state.view.group) reportForeign(state, from, decree.group, out);
  const { lastDecree } = state;
  install(state, decree, out);
  const isNews = state.lastDecree !== lastDecree;
  if (isNews && decree.members.every(({ node }) => node !== from))
    out.send(from, { ...message, stamp: stampOf(state) });
}

function receiveAsSeeker(
  state: TotalOrderState,
  from: NodeId,
  message: TotalOrderMessage,
  out: TotalOrderOutbox,
): void {
  if (message.stamp.group !== "") return hearMember(state, from, out);
  hearSeeker(state, from, message.stamp);
  if (state.seeds.includes(state.config.node)) agree(state, from, message, out);
}

function receiveAsMember(
  state: TotalOrderState,
  from: NodeId,
  message: TotalOrderMessage,
  out: TotalOrderOutbox,
): void {
  const { stamp } = message;
  const { group, number } = state.view;
  if (stamp.group === "") return answerSeeker(state, from, message, out);
  if (stamp.group !== group) return reportForeign(state, from, stamp.group, out);
  if (message.kind === "excluded") {
    if (message.yours !== number || stamp.view <= number) return; // of a view that we have left behind
    return end(state, { kind: "excluded", group, view: stamp.view }, out);
  }
  if (stamp.view !== number) return answerOtherView(state, from, stamp, out);
  const place = state.peers.findIndex(({ node, incarnation }) => node === from && incarnation === stamp.incarnation);
  if (place === -1 || place === state.me) return;
  if (!fitsView(message, state.peers.length)) return;
  peerAt(state, place).silentTicks = 0;
  receiveInView(state, place, message, out);
}

/** Whether all lists of a message are as long as the view, which the codec cannot know. */
function fitsView(message: TotalOrderMessage, count: number): boolean {
  switch (message.kind) {
    case "data":
    case "null":
      return message.header.received.length === count;
    case "prepare":
      return message.received.length === count;
    case "promise":
      return message.received.length === count && message.extra.every(({ sender }) => sender < count);
    case "accept":
      return message.decree.cut.length === count;
    default:
      return true;
  }
}

/** A message of a member of our view. Who is wedged takes part in the agreement alone, and in handing on the state. */
function receiveInView(state: TotalOrderState, place: number, message: TotalOrderMessage, out: TotalOrderOutbox): void {
  const { node } = peerAt(state, place);
  switch (message.kind) {
    case "data":
      if (!isWedged(state)) receiveData(state, place, message);
      return;
    case "null":
      if (isWedged(state)) return;
      receiveHeader(state, place, message.header);
      if (message.missing) receiveMissing(state, place, message, out);
      return;
    case "join":
      return receiveJoin(state, node, message.applicant, out);
    case "state":
      return receivePiece(state, place, message, out);
    case "stateAck":
      return receiveStateAck(state, node, message, out);
    default:
      return agree(state, node, message, out);
  }
}

/** What acceptors and proposers of a view, or of a group to be founded, say to each other. */
function agree(state: TotalOrderState, from: NodeId, message: TotalOrderMessage, out: TotalOrderOutbox): void {
  switch (message.kind) {
    case "prepare":
      return answerPrepare(state, from, message, out);
    case "promise":
      return receivePromise(state, from, message, out);
    case "refuse":
      return receiveRefuse(state, message);
    case "accept":
      return answerAccept(state, from, message, out);
    case "accepted":
      return receiveAccepted(state, from, message, out);
    default:
      return;
  }
}
