import { isLeaving, type Peer, self, type TotalOrderState } from "../state.ts";

/** Whether a member is to be voted out (V1): it is silent, it stands still, or its node has started anew. */
export function isSuspect(state: TotalOrderState, peer: Peer): boolean {
  if (peer === self(state)) return false;
  return isSilent(state, peer) || mustGo(state, peer);
}

/** Whether a member is to go though it speaks: it takes nothing in (L9), or its node has started anew. */
export function mustGo(state: TotalOrderState, peer: Peer): boolean {
  if (peer === self(state)) return false;
  const { incarnation = 0 } = state.applicants.get(peer.node) ?? {};
  return peer.stalledTicks >= state.config.stallTicks || incarnation > peer.incarnation;
}

/** Whether a member was not heard for too long. */
export function isSilent(state: TotalOrderState, peer: Peer): boolean {
  return peer !== self(state) && peer.silentTicks >= state.config.suspectTicks;
}

/** Whether a member wants to leave; our own wish is known here before it is told. */
function wantsToLeave(state: TotalOrderState, peer: Peer): boolean {
  return peer === self(state) ? isLeaving(state) : peer.leaving;
}

/**
 * How many applicants a view of `keptCount` members can take, of whom `restoredCount` have the state.
 *
 * Those who have it stay the majority, but that one alone may take one in.
 */
export function roomFor(state: TotalOrderState, keptCount: number, restoredCount: number): number {
  const { membersMax, stateless } = state.config;
  const free = membersMax - keptCount;
  if (stateless) return free;
  if (restoredCount === 0) return 0;
  return Math.max(0, Math.min(free, Math.max(1, restoredCount - 1) - (keptCount - restoredCount)));
}

/** Whether there is something to change in the view, apart from an attempt under way (V2). */
export function hasReason(state: TotalOrderState): boolean {
  const { peers, applicants } = state;
  const staying = peers.filter((peer) => !isSuspect(state, peer) && !wantsToLeave(state, peer));
  if (staying.length < peers.length) return true;
  const restoredCount = staying.filter(({ restored }) => restored).length;
  return applicants.size > 0 && roomFor(state, staying.length, restoredCount) > 0;
}

/** How many others should try before us (V3): those who stay come first, in order of their nodes. */
export function rankOf(state: TotalOrderState): number {
  const me = self(state);
  const candidates = state.peers.filter((peer) => !isSuspect(state, peer));
  const staying = candidates.filter((peer) => !wantsToLeave(state, peer));
  const ranked = [...staying, ...candidates.filter((peer) => wantsToLeave(state, peer))];
  return ranked.indexOf(me);
}
