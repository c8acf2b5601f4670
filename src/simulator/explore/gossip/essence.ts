import type { GossipState } from "../../../protocols/gossip/index.ts";
import type { Peer } from "../../../protocols/gossip/state.ts";

/**
 * All of a state that can matter later.
 *
 * Left out are settings, clocks and chance; hashes, roles and the tree, which follow from what is known of the links;
 * and counts of bytes.
 */
export function gossipEssence(state: Readonly<GossipState>): unknown {
  return [stateEssence(state), [...state.peers.values()].map(numbersOf)];
}

/**
 * The same without the numbers of messages: they only ever tell which message an answer is for, and when none is on its
 * way the next one has a number above them all.
 */
export function restEssence(state: Readonly<GossipState>): unknown {
  return [stateEssence(state), [...state.peers.values()].map(isUnanswered)];
}

function stateEssence(state: Readonly<GossipState>): unknown {
  const { config, submitted, known, aged, store, peers, reports } = state;
  return [
    config.incarnation,
    submitted,
    known,
    aged,
    [store.held, store.unstable, store.kept],
    [...peers.values()].map(peerEssence),
    reports,
    state.isTreeStale,
    state.isCoverWanted,
    state.mayBeStable,
    state.hasGreeted,
  ];
}

function peerEssence(peer: Peer): unknown {
  const { incarnation, role, theirs, out, flights, owes, owesTicks, isDown } = peer;
  return [
    [incarnation, role, theirs, out, owes, owesTicks !== undefined, isDown],
    flights.map(({ holds, asks, repeats }) => [holds, asks, repeats]),
    [peer.owesReports, peer.reportsTold, peer.covers, peer.owesCover],
  ];
}

function numbersOf({ numbered, answered, heard, downAt, probe, flights }: Peer): unknown {
  return [numbered, answered, heard?.number, downAt, probe.number, flights.map(({ number }) => number)];
}

function isUnanswered({ answered, flights }: Peer): unknown {
  return flights.map(({ number }) => [number === 0, answered < number]);
}
