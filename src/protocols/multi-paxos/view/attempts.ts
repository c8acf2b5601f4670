import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { nextBelow } from "../../../base/random.ts";
import { reconcile } from "../catching-up/reconciling.ts";
import { isLoyal } from "../clients/lease.ts";
import { epochOf, leaderOf, nextViewOf } from "../membership/configurations.ts";
import type { Of } from "../messages.ts";
import {
  drawPatience,
  isQuorumFor,
  type PaxosOutbox,
  type PaxosState,
  sendAhead,
  startProgress,
  votes,
} from "../state.ts";
import { expire, install, isOwnView, resign, stretchPatience } from "./install.ts";
import { heardNow, isHeard, isQuorumConnected, noteKnown, tell, trustsUntil } from "./liveness.ts";
import { shiftToPrepare, tickPrepare } from "./prepare.ts";

/** One tick of who does not lead. */
export function tickView(state: PaxosState, out: PaxosOutbox): void {
  const { role, clock, progressAt } = state;
  const isExpired = progressAt !== undefined && clock >= progressAt;
  switch (role) {
    case "follower":
      if (isExpired) expire(state, out);
      break;
    case "preparing":
      if (isExpired) return resign(state, false, out);
      return tickPrepare(state, out);
    case "election":
      if (isExpired) expire(state, out);
      break;
    default:
      return;
  }
  if (state.role === "election") tickElection(state, out);
}

function tickElection(state: PaxosState, out: PaxosOutbox): void {
  const { clock, lastAttempted, lastInstalled } = state;
  if (lastAttempted > lastInstalled && clock >= state.retransmitAt) sendViewChange(state, true, out);
  if (state.progressAt === undefined && clock >= state.attemptAt) attempt(state, out);
}

function mayAttempt(state: PaxosState): boolean {
  if (isLoyal(state, undefined)) return false;
  return votes(state) && state.resigned === undefined && state.disk.stuckTicks < state.config.progressTicks;
}

/** Attempts the next view that is ours, if a quorum could follow (V2): others would only be disturbed. */
function attempt(state: PaxosState, out: PaxosOutbox): void {
  const { configuration, config, clock, random, lastAttempted, lastInstalled } = state;
  if (configuration === undefined || !mayAttempt(state) || !isQuorumConnected(state)) {
    state.attemptAt = clock + 1 + nextBelow(random, config.staggerTicks);
    return;
  }
  shiftToElection(state, nextViewOf(configuration, Math.max(lastAttempted, lastInstalled), config.id), out);
}

/** Shift_to_Leader_Election: wants `view`, says so to all, and again to its leader until that has a quorum (V3). */
function shiftToElection(state: PaxosState, view: number, out: PaxosOutbox): void {
  state.lastAttempted = view;
  state.viewChanges = new Set([state.config.id]);
  state.progressAt = undefined;
  state.attemptAt = state.clock + drawPatience(state);
  sendViewChange(state, false, out);
  countViewChanges(state, out);
}

function sendViewChange(state: PaxosState, isReminder: boolean, out: PaxosOutbox): void {
  const { configuration, config, lastAttempted: attempted } = state;
  state.retransmitAt = state.clock + config.retransmitTicks;
  if (configuration === undefined) return;
  const heard = heardNow(state);
  const leader = leaderOf(configuration, attempted);
  for (const { id } of configuration.members) {
    const isConcerned = leader === config.id || !isReminder || id === leader;
    if (id !== config.id && isConcerned) sendAhead(state, id, { kind: "viewChange", attempted, heard }, out);
  }
}

/** Another wants a view: heeded by who waits for a leader itself (A5), or when the leader gives up its own (V7). */
export function receiveViewChange(state: PaxosState, from: NodeId, message: Of<"viewChange">, out: PaxosOutbox): void {
  const { attempted } = message;
  const { configuration } = state;
  if (configuration === undefined || !votes(state) || epochOf(attempted) !== configuration.epoch) return;
  if (attempted <= state.lastInstalled) return tell(state, from, out);
  if (state.role === "leader" || state.role === "preparing") return;
  const isResignation = state.role === "follower" && leaderOf(configuration, state.lastInstalled) === from;
  if (isResignation) expire(state, out);
  if (state.progressAt !== undefined && attempted !== state.lastAttempted) return;
  if (attempted < state.lastAttempted) return;
  if (attempted > state.lastAttempted) {
    const isLedByLive = isHeard(state, leaderOf(configuration, attempted));
    if (isLedByLive) shiftToElection(state, attempted, out); // of a dead one's we would remind each other for ever
  }
  if (state.lastAttempted !== attempted || state.role !== "election") return;
  state.viewChanges.add(from);
  countViewChanges(state, out);
}

/** Preinstall_Ready: a quorum wants the view. Its leader prepares it, the others give it time (V4). */
function countViewChanges(state: PaxosState, out: PaxosOutbox): void {
  const { configuration, config, lastAttempted } = state;
  if (configuration === undefined || !isQuorumFor(state, (id) => state.viewChanges.has(id))) return;
  if (leaderOf(configuration, lastAttempted) === config.id) {
    if (mayAttempt(state)) shiftToPrepare(state, lastAttempted, undefined, out);
  } else if (state.progressAt === undefined) {
    stretchPatience(state);
    startProgress(state);
  }
}

/** A VC_Proof: brings us to the view that is installed there, and tells who is connected (V6). */
export function receiveProof(
  state: PaxosState,
  from: NodeId,
  message: Of<"viewProof">,
  isNewlyHeard: boolean,
  out: PaxosOutbox,
): void {
  const { installed, leaderAlive, epoch } = message;
  const { configuration, config, lastInstalled } = state;
  if (configuration === undefined || epoch > configuration.epoch) {
    noteKnown(state, message.aru, from);
    return reconcile(state, from, out);
  }
  if (isNewlyHeard || epoch < configuration.epoch || !message.heard.includes(config.id)) tell(state, from, out);
  if (epoch < configuration.epoch || installed < lastInstalled) return;
  if (epochOf(installed) !== epoch) return;
  const leader = leaderOf(configuration, installed);
  if (!votes(state)) {
    if (installed > lastInstalled) install(state, installed, out);
    if (leaderAlive) state.leader = leader;
    return;
  }
  if (installed > lastInstalled) {
    const isForgotten = leader === config.id && installed !== state.promised.view && installed % 2 ** 32 > 0;
    invariant(
      !isForgotten,
      "a view of ours that is installed anywhere was promised here: this disk has lost a promise",
    );
    install(state, installed, out);
    if (leaderAlive) state.leader = leader;
  } else if (leaderAlive && !isOwnView(state)) {
    if (state.role === "election") install(state, installed, out);
    if (state.role !== "follower") return;
    state.leader = leader;
    state.progressAt = Math.max(state.progressAt ?? 0, trustsUntil(state));
  }
}

/**
 * The link to a member broke: if it leads, it may be dead, and members need not wait long for it.
 *
 * With leases they must: one that was cut off may still hold one.
 */
export function loseLink(state: PaxosState, peer: NodeId, out: PaxosOutbox): void {
  const contact = state.contacts.get(peer);
  if (contact !== undefined) contact.heardAt = Number.NEGATIVE_INFINITY;
  if (state.role === "follower" && state.leader === peer && !state.config.leases) expire(state, out);
}
