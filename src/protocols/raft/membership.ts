import type { NodeId } from "../../base/ids.ts";
import { isVoter, takesPart } from "../replicated-log.ts";
import { newestConfiguration } from "./log/log.ts";
import type { RaftMessage } from "./messages.ts";
import { type RaftOutbox, type RaftState, sendUnbound, speaksOld } from "./state.ts";

type Removed = Extract<RaftMessage, { kind: "removed" }>;

/** The newest membership in the log is in force, from when it is appended until it is replaced or cut off (§6). */
export function adoptMembership(state: RaftState): void {
  const { index, membership } = newestConfiguration(state.log);
  if (membership === state.membership) return;
  state.membership = membership;
  const { removed, config } = state;
  if (removed !== undefined && index > removed && takesPart(membership, config.id)) state.removed = undefined;
}

/** Whether this member has a vote, and was not told that it is removed. */
export function hasVote(state: RaftState): boolean {
  return state.removed === undefined && isVoter(state.membership, state.config.id);
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
