import type { NodeId } from "../../base/ids.ts";
import { isVoter, takesPart } from "../replicated-log.ts";
import { newestConfiguration } from "./log/log.ts";
import type { RaftMessage } from "./messages.ts";
import { persistState, type RaftOutbox, type RaftState, sendUnbound, speaksOld } from "./state.ts";

type Removed = Extract<RaftMessage, { kind: "removed" }>;

/** The newest membership in the log is in force, from when it is appended until it is replaced or cut off (§6). */
export function adoptMembership(state: RaftState): void {
  const { index, membership } = newestConfiguration(state.log);
  if (membership === state.membership) return;
  state.membership = membership;
  const { removed, config } = state;
  if (removed !== undefined && index > removed && takesPart(membership, config.id)) state.removed = undefined;
}

/**
 * Whether this member may stand: it votes, and was not told that it is removed.
 *
 * While the newest membership is not known to be committed, one that only the ones before it name may be needed: it
 * alone may have the newest in its log (dissertation §4.2.2). Its own vote then does not count.
 */
export function mayStand(state: RaftState): boolean {
  const { log, config, commit } = state;
  if (state.removed !== undefined || isJoining(state)) return false;
  const settled = log.configurations.findLastIndex(({ index }) => index <= commit);
  return log.configurations.some(({ membership }, at) => at >= settled && isVoter(membership, config.id));
}

/** A member on its way in: see `RaftState.joining`. */
export function isJoining({ joining, log, membership }: RaftState): boolean {
  return membership.members.length === 0 || (joining !== undefined && joining > log.durable);
}

/**
 * A leader speaks to us, in a session named after the entry with which it met us: the latest in its term counts.
 *
 * The first word to reach us may be a late one to the member that we were before. A later term's leader may have met
 * us earlier, where the log of the one before was lost; that counts once we have nothing more of that log.
 */
export function beginToJoin(state: RaftState, session: number | undefined, out: RaftOutbox): void {
  if (!isJoining(state)) return;
  const { joining = 1, joiningTerm, term, log } = state;
  const met = session ?? 1;
  const isReplaced = term > joiningTerm && met > log.durable;
  const place = isReplaced ? met : Math.max(joining, met);
  if (isReplaced) state.joiningTerm = term;
  if (place === state.joining) return;
  state.joining = place;
  persistState(state, out);
}

/** Tells the owner who takes part, when that has changed or has become certain. */
export function reportMembership(state: RaftState, out: RaftOutbox): void {
  const { index, membership } = newestConfiguration(state.log);
  const isCommitted = index <= state.commit;
  const { reported } = state.due;
  if (reported.membership === membership && reported.isCommitted === isCommitted) return;
  reported.membership = membership;
  reported.isCommitted = isCommitted;
  out.output({ kind: "membership", index, membership, isCommitted });
}

/** Tells who asks for our vote that it takes part no more, if that is certain: nobody else would. */
export function tellIfRemoved(state: RaftState, to: NodeId, out: RaftOutbox): void {
  const { configurations } = state.log;
  const settled = configurations.findLast(({ index }) => index <= state.commit);
  if (settled === undefined || settled.membership.members.length === 0 || speaksOld(state, to)) return;
  if (takesPart(settled.membership, to) || takesPart(state.membership, to)) return;
  sendUnbound(state, to, { kind: "removed", term: state.term, index: settled.index }, out);
}

/** We take part no more, unless we know a later membership that names us. */
export function receiveRemoved(state: RaftState, message: Removed, out: RaftOutbox): void {
  const { configurations } = state.log;
  const naming = configurations.findLast(({ membership }) => takesPart(membership, state.config.id));
  if (naming === undefined || naming.index < message.index) leave(state, message.index, out);
}

/** From here on we take part no more: never a candidate again, unless a later membership names us. */
export function leave(state: RaftState, index: number, out: RaftOutbox): void {
  if (state.removed !== undefined && state.removed >= index) return;
  state.removed = index;
  out.output({ kind: "removed", index });
}
