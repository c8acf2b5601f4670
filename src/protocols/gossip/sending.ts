import type { Bytes } from "../../base/bytes.ts";
import { nextBelow } from "../../base/random.ts";
import { add, addAll, difference, digestOf, type Holdings, intersection, removeAll, size } from "./known/holdings.ts";
import { common, minus } from "./known/ranges.ts";
import { payloadOf } from "./known/store.ts";
import type { Cover, Digest, GossipMessage, Header, Rumour } from "./messages.ts";
import { coverOf } from "./stability.ts";
import { type Flight, type GossipOutbox, type GossipState, knownHash, lackingOf, type Peer } from "./state.ts";
import { jittered, patience, promptTicks } from "./waits.ts";

/** What of a batch's maximum a payload takes besides its bytes. */
const rumourBytes = 8;

/** Round trips in which a tree brings what was missing, usually. */
const besideTrips = 5;

/** Everything that is due to a peer after a step: questions, batches, and what rides on nothing. */
export function sendDue(state: GossipState, peer: Peer, out: GossipOutbox): void {
  for (const flight of peer.flights)
    if (flight.number === 0 && flight.waitTicks <= 0) sendFlight(state, peer, flight, out);
  while (mayFlush(state, peer)) flush(state, peer, out);
  if (peer.owesTicks !== undefined && peer.owesTicks <= 0) sendAck(state, peer, out);
  if (peer.owesReports && peer.reportsTicks <= 0) sendReports(state, peer, out);
}

/**
 * Asks a peer what it knows, again and again until it says so; until then nothing else is sent to it.
 *
 * Over links that the tree does not need the question waits: by then the tree has brought what was missing.
 */
export function ask(state: GossipState, peer: Peer): void {
  if (peer.isDown || peer.flights.some(({ asks }) => asks)) return;
  addAll(peer.out, outstanding(peer));
  const waitTicks = peer.role === "beside" ? jittered(state, besideTrips * promptTicks(state, peer)) : 0;
  peer.flights = [{ number: 0, holds: new Map(), asks: true, ageTicks: 0, waitTicks, repeats: 0 }];
}

/** All that is on its way to a peer. */
export function outstanding(peer: Peer): Holdings {
  const all: Holdings = new Map();
  for (const { holds } of peer.flights) addAll(all, holds);
  return all;
}

/** A peer is to be sent what it lacks, and nothing else. */
export function fill(state: GossipState, peer: Peer): void {
  peer.out = lackingOf(state, peer);
  removeAll(peer.out, outstanding(peer));
}

/** With `latency` at once, with `traffic` when its time has come, and when there is enough for a whole batch (G3). */
function mayFlush({ config }: GossipState, peer: Peer): boolean {
  if (peer.isDown || peer.out.size === 0 || peer.flights.length >= config.flightCountMax) return false;
  if (peer.flights.some(({ asks }) => asks)) return false; // what it lacks is about to be known
  return config.tuning === "latency" || peer.isDue || size(peer.out) >= config.batchCountMax;
}

function flush(state: GossipState, peer: Peer, out: GossipOutbox): void {
  const holds = chooseBatch(state, peer.out);
  removeAll(peer.out, holds);
  if (peer.out.size === 0) peer.isDue = false;
  const flight = { number: 0, holds, asks: false, ageTicks: 0, waitTicks: 0, repeats: 0 };
  peer.flights.push(flight);
  sendFlight(state, peer, flight, out);
}

/** As much as fits; one payload at least. What is no longer in hand takes no room. */
function chooseBatch({ config, store }: GossipState, from: Holdings): Holdings {
  const chosen: Holdings = new Map();
  let [count, bytes] = [0, 0];
  for (const [origin, ranges] of from) {
    const held = store.held.get(origin) ?? [];
    add(chosen, origin, minus(ranges, held));
    for (const [first, last] of common(ranges, held)) {
      for (let number = first; number <= last; number++) {
        bytes += rumourBytes + (payloadOf(store, origin, number)?.length ?? 0);
        if (count > 0 && (bytes > config.batchBytesMax || count >= config.batchCountMax)) return chosen;
        add(chosen, origin, [[number, number]]);
        count++;
      }
    }
  }
  return chosen;
}

/** Sends a flight, for the first time or again: the same numbers, under a number of its own. */
export function sendFlight(state: GossipState, peer: Peer, flight: Flight, out: GossipOutbox): void {
  flight.number = ++peer.numbered;
  flight.ageTicks = 0;
  const isUrgent = flight.repeats > 0 || isWindowHalf(state, peer);
  flight.waitTicks = patience(state, peer, flight, isUrgent);
  const message = flight.asks
    ? question(state, peer, flight.number)
    : batch(state, peer, flight.number, flight.holds, isUrgent);
  out.send(peer.id, message);
}

/** Answers are asked for when half of the window is used, so that it is not full when they come. */
function isWindowHalf({ config }: GossipState, { flights }: Peer): boolean {
  return flights.length % Math.ceil(config.flightCountMax / 2) === 0;
}

/** A question that a peer answers at once; told apart from others by its number. */
export function question(state: GossipState, peer: Peer, number: number): GossipMessage {
  return { kind: "digest", ...header(state, peer), number, hash: knownHash(state), asks: true };
}

/** All that is known here; with `asks` the peer is to say the same. */
export function sendDigest(state: GossipState, peer: Peer, asks: boolean, out: GossipOutbox): void {
  const knows = digestOf(state.known, state.config.digestRangesMax);
  out.send(peer.id, { kind: "digest", ...header(state, peer), hash: knownHash(state), knows, asks });
}

/** Only what all that is known here comes to: whoever knows something else answers. */
export function sendHash(state: GossipState, peer: Peer, out: GossipOutbox): void {
  out.send(peer.id, { kind: "digest", ...header(state, peer), hash: knownHash(state), asks: false });
}

function batch(state: GossipState, peer: Peer, number: number, holds: Holdings, isUrgent: boolean): GossipMessage {
  const { config, store } = state;
  return {
    kind: "batch",
    ...header(state, peer),
    number,
    rumours: rumoursOf(state, holds),
    gone: digestOf(difference(holds, store.held), config.digestRangesMax),
    ...tell(state, peer),
    isUrgent,
  };
}

function rumoursOf({ store }: GossipState, holds: Holdings): Rumour[] {
  const rumours: Rumour[] = [];
  for (const [origin, ranges] of intersection(holds, store.held)) {
    for (const [first, last] of ranges) {
      const payloads: Bytes[] = [];
      for (let number = first; number <= last; number++) payloads.push(payloadOf(store, origin, number) as Bytes);
      rumours.push({ origin, first, payloads });
    }
  }
  return rumours;
}

/** The acknowledgement on its own, because nothing it could ride on went that way (G4). */
function sendAck(state: GossipState, peer: Peer, out: GossipOutbox): void {
  out.send(peer.id, { kind: "ack", ...header(state, peer), ...tell(state, peer) });
}

/** What is owed: which numbers are known here, and what this side of the tree holds. */
function tell(state: GossipState, peer: Peer): { readonly knows: Digest; readonly cover?: Cover } {
  const knows = digestOf(peer.owes, state.config.digestRangesMax);
  removeAll(peer.owes, knows);
  peer.owesTicks = peer.owes.size > 0 ? 0 : undefined;
  if (peer.owesCover === "no") return { knows };
  const asks = peer.owesCover === "ask";
  peer.owesCover = "no";
  const cover = coverOf(state, peer);
  const holds = digestOf(cover, state.config.digestRangesMax, nextBelow(state.random, Math.max(1, cover.size)));
  return { knows, cover: { tree: state.treeHash, holds, asks } };
}

function sendReports(state: GossipState, peer: Peer, out: GossipOutbox): void {
  peer.owesReports = false;
  peer.reportsTold = state.reportsHash;
  peer.reportsTicks = state.config.roundTripTicks;
  out.send(peer.id, { kind: "reports", ...header(state, peer), reports: [...state.reports.values()] });
}

function header({ config, reportsHash, gatherTicks }: GossipState, { heard, incarnation, role }: Peer): Header {
  return {
    incarnation: config.incarnation,
    links: reportsHash,
    ...(config.tuning === "traffic" && role === "below" && { dueTicks: gatherTicks }),
    ...(heard !== undefined && { answers: { incarnation, ...heard } }),
  };
}
