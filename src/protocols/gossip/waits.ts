import { nextBelow } from "../../base/random.ts";
import type { Flight, GossipState, Peer } from "./state.ts";

/** Round trips that are remembered of a peer. */
const tripsMax = 16;

/** A repeat is never further away than this. */
const doublingsMax = 10;

/** What is answered at once is answered within this: the longest of the last round trips, and a tick at either end. */
export function promptTicks({ config }: GossipState, { trips }: Peer): number {
  return Math.max(...(trips.length > 0 ? trips : [config.roundTripTicks])) + 2;
}

/**
 * How long a flight waits for its answer (G6).
 *
 * An acknowledgement may wait for something to ride on, so a first repeat must come later than that, or everything is
 * sent twice. A question, and whatever is sent again, is answered at once; each repeat waits twice as long.
 */
export function patience(state: GossipState, peer: Peer, flight: Flight, isUrgent: boolean): number {
  const { ackTicks, tuning, periodTicks } = state.config;
  const prompt = promptTicks(state, peer);
  if (!isUrgent && !flight.asks) return prompt + ackTicks + (tuning === "traffic" ? periodTicks : 0);
  return jittered(state, prompt * 2 ** Math.min(flight.repeats, doublingsMax));
}

/** As long, give or take a quarter: those that were cut off together do not come back in step. */
export function jittered(state: GossipState, ticks: number): number {
  return Math.max(1, Math.ceil(ticks * 0.75) + nextBelow(state.random, Math.floor(ticks / 2) + 1));
}

/**
 * An answer to message `number` came `heldTicks` after it had arrived there: the rest was the way there and back.
 *
 * Both are counted in whole ticks, of which the first is cut short: the trip is never taken for a shorter one.
 */
export function measureTrip(peer: Peer, number: number, heldTicks: number): void {
  const flight = peer.flights.find((each) => each.number === number);
  const ageTicks = flight?.ageTicks ?? (peer.probe.number === number ? peer.probe.ageTicks : undefined);
  if (ageTicks === undefined) return;
  peer.trips.push(Math.max(1, ageTicks + 1 - heldTicks));
  if (peer.trips.length > tripsMax) peer.trips.shift();
}
