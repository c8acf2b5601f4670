import { addAll, difference, type Holdings, intersection } from "./known/holdings.ts";
import type { Ranges } from "./known/ranges.ts";
import { settle } from "./known/store.ts";
import type { Cover } from "./messages.ts";
import { type GossipState, isInTree, owe, type Peer } from "./state.ts";

/** What all hold who are not on the peer's side of the tree: this member, and those behind its other neighbours. */
export function coverOf(state: GossipState, peer: Peer): Holdings {
  let holds: Holdings = new Map<string, Ranges>(state.known);
  for (const other of state.peers.values()) {
    if (other !== peer && isInTree(other)) holds = intersection(holds, other.covers);
  }
  return holds;
}

/** What all on the peer's side hold, if it means the same tree. */
export function takeCover(state: GossipState, peer: Peer, { tree, holds, asks }: Cover): void {
  if (tree !== state.treeHash || !isInTree(peer)) return;
  addAll(peer.covers, holds);
  state.mayBeStable = true;
  if (!asks) return;
  state.isCoverWanted = true; // it may want what those behind us hold, and we may have to ask for it
  if (peer.owesCover === "no") peer.owesCover = "tell";
  owe(state, peer);
}

/** Now and then, while anybody holds what some member may lack: what is told, and asked, rides on batches. */
export function tickStability(state: GossipState): void {
  if (--state.settleTicks <= 0) {
    state.settleTicks = state.config.settleTicks;
    if (state.store.unstable.size > 0 || state.isCoverWanted) askCovers(state);
    state.isCoverWanted = false;
  }
  if (state.mayBeStable) settleStable(state);
}

function askCovers(state: GossipState): void {
  state.mayBeStable = true;
  if (!state.isWhole) return; // somebody cannot be reached, and lacks it
  for (const peer of state.peers.values()) {
    if (!isInTree(peer) || peer.isDown || difference(state.known, peer.covers).size === 0) continue;
    peer.owesCover = "ask";
    owe(state, peer);
    peer.unheardAsks++;
  }
}

/**
 * Payloads that are held here and on every side of the tree need not stay (G9).
 *
 * Where the links of others are not known there is no tree of all: there it is enough that the neighbours hold them.
 */
function settleStable(state: GossipState): void {
  state.mayBeStable = false;
  const isLocal = !state.isWhole && state.topology.kind === "given";
  if (!state.isWhole && !isLocal) return;
  let stable: Holdings = new Map(state.store.unstable);
  for (const peer of state.peers.values()) {
    if (isLocal ? peer.role !== "spare" : isInTree(peer)) {
      stable = intersection(stable, isLocal ? peer.theirs : peer.covers);
    }
  }
  for (const [origin, ranges] of stable) {
    const cost = settle(state.store, origin, ranges, state.config.keptBytesMax);
    if (origin === state.origin) state.ownUnstableBytes -= cost;
  }
}
