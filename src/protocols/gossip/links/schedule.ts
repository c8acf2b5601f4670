import type { GossipState, Peer } from "../state.ts";

/** Of the last round trips, so many are no longer than the one that is counted on. */
const usualShare = 0.7;

/**
 * When batches leave, with `traffic` (B5): a payload waits once, where it was submitted, and not again on its way.
 *
 * Once a period each node sends what it has gathered to the one above, so that it arrives just before that one sends
 * on; the root sends to all below it, and what comes from above goes on below at once.
 */
export function tickSchedule(state: GossipState): void {
  const { tuning, periodTicks, lateTicks } = state.config;
  if (tuning !== "traffic") return;
  const above = [...state.peers.values()].find(({ role }) => role === "above");
  const isGathered = --state.gatherTicks <= 0;
  if (isGathered) state.gatherTicks = periodTicks;
  const isLate = state.gatherTicks === periodTicks - lateTicks;
  if (above === undefined) {
    for (const peer of state.peers.values()) makeDue(peer, isGathered || (isLate && hasOthers(state, peer)));
    return;
  }
  const isTimed = above.trips.length > 0; // before that what is early waits there, and what is late would wait twice
  makeDue(above, isGathered || !isTimed || (isLate && hasOthers(state, above)));
  if (--state.spreadTicks <= 0) spread(state, periodTicks);
}

/** Whether something waits that has waited where it comes from: it came too late for the last batch. */
function hasOthers({ origin: own }: GossipState, { out }: Peer): boolean {
  for (const origin of out.keys()) if (origin !== own) return true;
  return false;
}

function makeDue(peer: Peer, isDue: boolean): void {
  peer.isDue ||= isDue && peer.out.size > 0;
}

/** All but the node above are sent what is there now. */
function spread(state: GossipState, againTicks: number): void {
  state.spreadTicks = againTicks;
  for (const peer of state.peers.values()) makeDue(peer, peer.role !== "above");
}

/** A batch came from above, and goes on below; if the next does not come, what waits goes without it. */
export function passOn(state: GossipState): void {
  const { tuning, periodTicks, slackTicks } = state.config;
  if (tuning === "traffic") spread(state, periodTicks + slackTicks);
}

/**
 * The node above says that it sends on what it has gathered in `dueTicks`: ours is to reach it just before.
 *
 * That is heard now sooner, now later. So a moment that is near moves a little, and never to the next period: under
 * messages that keep coming a batch would never leave, or leave twice.
 */
export function align(state: GossipState, peer: Peer, dueTicks: number): void {
  const { periodTicks, roundTripTicks, slackTicks, lateTicks } = state.config;
  const trips = peer.trips.toSorted((one, other) => one - other);
  const trip = trips[Math.floor((trips.length - 1) * usualShare)] ?? roundTripTicks;
  const wanted = dueTicks - trip - slackTicks;
  const apart = wanted - state.gatherTicks;
  const shift = apart - periodTicks * Math.round(apart / periodTicks);
  if (Math.abs(shift) <= slackTicks + lateTicks) state.gatherTicks = Math.max(1, state.gatherTicks + shift);
  else state.gatherTicks = wanted - periodTicks * Math.ceil(wanted / periodTicks - 1); // within a period from now
}
