import { nextBelow } from "../../base/random.ts";
import { difference } from "./known/holdings.ts";
import { probe } from "./links/liveness.ts";
import type { GossipMessage } from "./messages.ts";
import { takeKnows } from "./rumours.ts";
import { fill, sendDigest, sendHash } from "./sending.ts";
import { type GossipOutbox, type GossipState, knownHash, type Peer } from "./state.ts";
import { jittered } from "./waits.ts";

type DigestMessage = Extract<GossipMessage, { readonly kind: "digest" }>;

/**
 * Compares what two members know (G7): first a hash of it, then all of it, both ways; then the difference is sent.
 *
 * Ends after three messages at the most: only a hash is answered with a question, and only a question with a digest.
 */
export function receiveDigest(state: GossipState, peer: Peer, message: DigestMessage, out: GossipOutbox): void {
  const isSame = message.hash === knownHash(state);
  if (message.knows === undefined && !isSame) return sendDigest(state, peer, true, out);
  takeKnows(state, peer, message.knows ?? state.known, out);
  peer.flights = peer.flights.filter(({ asks }) => !asks);
  fill(state, peer);
  if (!message.asks) {
    state.aged = new Map(state.known);
    return;
  }
  if (isSame) sendHash(state, peer, out);
  else sendDigest(state, peer, false, out);
}

/**
 * Now and then a peer drawn by chance is compared with: whatever else goes wrong, this carries everything.
 *
 * And everyone on a used link once at the start: one that knew an earlier life learns that it is over. With `traffic`
 * the node above is asked for an answer, which tells when batches are to leave.
 */
export function tickSync(state: GossipState, out: GossipOutbox): void {
  if (!state.hasGreeted) {
    state.hasGreeted = true;
    state.syncTicks = jittered(state, state.config.syncTicks); // those that start together do not compare together
    for (const peer of state.peers.values()) {
      if (state.config.tuning === "traffic" && peer.role === "above") probe(state, peer, out);
      else if (peer.role !== "spare") sendHash(state, peer, out);
    }
  }
  if (--state.syncTicks > 0) return;
  state.syncTicks = jittered(state, state.config.syncTicks);
  const isBusy = difference(state.known, state.aged).size > 0;
  const peer = partner(state);
  if (peer === undefined) return;
  if (isBusy)
    sendDigest(state, peer, true, out); // hashes would differ
  else sendHash(state, peer, out);
}

/** A neighbour that answers; without one, in a topology of our own, whoever else there may be. */
function partner(state: GossipState): Peer | undefined {
  const neighbours = state.graph.get(state.config.id) ?? [];
  const live = [...state.peers.values()].filter(({ isDown }) => !isDown);
  const near = live.filter(({ id }) => neighbours.includes(id));
  const among = near.length > 0 || state.topology.kind !== "own" ? near : live;
  return among[nextBelow(state.random, Math.max(1, among.length))];
}
