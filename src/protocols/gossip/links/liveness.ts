import { addAll } from "../known/holdings.ts";
import type { Header } from "../messages.ts";
import { ask, fill, outstanding, question, sendFlight } from "../sending.ts";
import type { GossipOutbox, GossipState, Peer } from "../state.ts";
import { jittered, measureTrip } from "../waits.ts";
import { align } from "./schedule.ts";

/** Who says nothing to more of these is asked what is repeated: nothing else may be on its way to it. */
const unheardAsksMax = 2;

/** What every message says of its sender; false: it is of an earlier life, and says nothing any more. */
export function hear(
  state: GossipState,
  peer: Peer,
  message: Header & { number?: number },
  out: GossipOutbox,
): boolean {
  if (message.incarnation < peer.incarnation) return false;
  if (message.incarnation > peer.incarnation) meet(state, peer, message.incarnation);
  const { answers, number } = message;
  peer.unheardAsks = 0;
  if (number !== undefined && number > (peer.heard?.number ?? 0)) peer.heard = { number, heldTicks: 0 };
  if (message.links === state.reportsHash) peer.reportsTold = message.links;
  else if (state.reports.size > 0) peer.owesReports = true;
  if (answers?.incarnation === state.config.incarnation) {
    measureTrip(peer, answers.number, answers.heldTicks);
    peer.answered = Math.max(peer.answered, answers.number);
    if (peer.isDown && answers.number > peer.downAt) welcome(state, peer, out);
  }
  if (message.dueTicks !== undefined && peer.role === "above") align(state, peer, message.dueTicks);
  return true;
}

/** A peer that started anew knows nothing, whatever it knew before. */
function meet(state: GossipState, peer: Peer, incarnation: number): void {
  const isNew = peer.incarnation < 0;
  peer.incarnation = incarnation;
  if (isNew) return;
  peer.theirs.clear();
  peer.covers.clear();
  peer.owes.clear();
  peer.heard = undefined;
  peer.flights = [];
  peer.out = new Map();
  if (peer.role === "spare") return;
  fill(state, peer);
  ask(state, peer);
}

/**
 * It answered what was asked since it was down: it hears us, and we hear it.
 *
 * Where one is back others may be, too: all are probed now, so that a healed network is known at once.
 */
function welcome(state: GossipState, peer: Peer, out: GossipOutbox): void {
  peer.isDown = false;
  out.output({ kind: "peer", peer: peer.id, isDown: false });
  if (peer.role !== "spare") ask(state, peer);
  state.isTreeStale = true;
  for (const other of state.peers.values()) {
    if (other.isDown && other.probe.ageTicks > state.config.roundTripTicks) probe(state, other, out);
  }
}

/**
 * A peer that leaves so many repeats without an answer is down (G6).
 *
 * What it lacks is remembered as ranges; nothing but a probe is sent to it until it answers.
 */
function loseSight(state: GossipState, peer: Peer, out: GossipOutbox): void {
  addAll(peer.out, outstanding(peer));
  if (peer.role === "spare") peer.out = new Map();
  peer.flights = [];
  peer.isDue = false;
  peer.isDown = true;
  peer.downAt = peer.numbered;
  peer.probe = { number: 0, ageTicks: 0 };
  out.output({ kind: "peer", peer: peer.id, isDown: true });
  state.isTreeStale = true;
  if (state.topology.kind === "own") survey(state);
}

/**
 * Where one is lost others may be, too: those that the tree needs next are asked now, and not one after the other.
 *
 * Twice as many for each that is lost: a network cut in half is known after a few rounds.
 */
function survey(state: GossipState): void {
  const neighbours = (state.graph.get(state.config.id) ?? []).flatMap((id) => state.peers.get(id) ?? []);
  const lost = neighbours.filter(({ isDown }) => isDown).length;
  const next = neighbours.filter(({ isDown, role, flights }) => !isDown && role === "spare" && flights.length === 0);
  for (const peer of next.slice(0, 2 ** lost)) ask(state, peer);
}

/** The host believes that a link broke or was made. It may be wrong, so a probe follows at once. */
export function hint(state: GossipState, peer: Peer, up: boolean, out: GossipOutbox): void {
  if (!up && !peer.isDown && peer.role !== "spare") loseSight(state, peer, out);
  if (peer.isDown) probe(state, peer, out);
}

/** Time passes for what waits for this peer: repeats (G6), and probes while it is down. */
export function tickPeer(state: GossipState, peer: Peer, out: GossipOutbox): void {
  if (peer.heard !== undefined) peer.heard.heldTicks++;
  if (peer.owesTicks !== undefined) peer.owesTicks--;
  if (peer.reportsTicks > 0) peer.reportsTicks--;
  peer.probe.ageTicks++;
  if (peer.unheardAsks > unheardAsksMax) ask(state, peer);
  for (const flight of peer.flights) {
    flight.ageTicks++;
    if (--flight.waitTicks > 0 || flight.number === 0) continue;
    if (flight.repeats < state.config.repeatCountMax) flight.repeats++;
    else if (peer.answered < flight.number) return loseSight(state, peer, out);
    sendFlight(state, peer, flight, out); // an answer without an acknowledgement: it has no room yet
  }
}

/** One of those that are down is probed at a time: every other time the first, which the tree needs most. */
export function tickProbe(state: GossipState, out: GossipOutbox): void {
  if (--state.probeTicks > 0) return;
  state.probeTicks = jittered(state, state.config.probeTicks);
  const down = [...state.peers.values()].filter(({ isDown }) => isDown);
  const turn = ++state.probeCount;
  const peer = down[turn % 2 === 0 ? 0 : (turn >> 1) % Math.max(1, down.length)];
  if (peer !== undefined) probe(state, peer, out);
}

/** Asks a peer once, whether it answers or not; an answer tells the round trip. */
export function probe(state: GossipState, peer: Peer, out: GossipOutbox): void {
  peer.probe = { number: ++peer.numbered, ageTicks: 0 };
  out.send(peer.id, question(state, peer, peer.probe.number));
}
