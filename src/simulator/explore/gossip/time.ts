import type { NodeId } from "../../../base/ids.ts";
import { newRandom, nextBelow, type Random } from "../../../base/random.ts";
import type { GossipState } from "../../../protocols/gossip/index.ts";
import type { Peer } from "../../../protocols/gossip/state.ts";
import { unlimited } from "../budget.ts";
import type { Alarm } from "../explorable.ts";
import type { GossipLimits } from "./limits.ts";
import type { GossipTerms } from "./terms.ts";

type State = Readonly<GossipState>;
type GossipAlarm = Omit<Alarm<GossipTerms>, "budget">;

/** Far more ticks than anything waits. */
const farTicks = 1_000_000;

/** Chance draws how long to wait, and whom to compare with: that is explored. */
const stillRandom = newRandom(1);

/** Nobody has waited for anything yet, and no round trip was measured. */
export function calmGossip(state: GossipState): void {
  Object.assign(state.random, stillRandom);
  state.syncTicks = farTicks;
  state.settleTicks = farTicks;
  state.probeTicks = farTicks;
  state.probeCount = 0;
  state.gatherTicks = farTicks;
  state.spreadTicks = farTicks;
  for (const peer of state.peers.values()) calmPeer(peer);
}

function calmPeer(peer: Peer): void {
  for (const flight of peer.flights) {
    flight.ageTicks = 0;
    flight.waitTicks = farTicks;
  }
  if (peer.owesTicks !== undefined) peer.owesTicks = farTicks;
  if (peer.heard !== undefined) peer.heard.heldTicks = 0;
  peer.trips = [];
  peer.probe.ageTicks = 0;
  peer.reportsTicks = 0;
}

/** One tick, with the clocks set so that something comes of it. */
function timed(set: (state: GossipState) => void): GossipAlarm["ring"] {
  return (core, take) => {
    set(core.inspect() as GossipState); // clocks are the explorer's to set
    take({ kind: "tick" });
  };
}

const greeting: GossipAlarm = {
  mayRing: ({ hasGreeted }) => !hasGreeted,
  ring: (_, take) => take({ kind: "tick" }),
  words: (id) => `${id} says that it has started`,
};

const acknowledgement: GossipAlarm = {
  mayRing: ({ peers }) => [...peers.values()].some(({ owesTicks }) => owesTicks !== undefined),
  ring: timed(({ peers }) => {
    for (const peer of peers.values()) if (peer.owesTicks !== undefined) peer.owesTicks = 1;
  }),
  words: (id) => `${id} acknowledges what it owes`,
};

const settlement: GossipAlarm = {
  mayRing: ({ store, isCoverWanted, mayBeStable }) => store.unstable.size > 0 || isCoverWanted || mayBeStable,
  ring: timed((state) => {
    state.settleTicks = 1;
  }),
  words: (id) => `${id} looks for what everyone holds`,
};

function patience(other: NodeId): GossipAlarm {
  return {
    mayRing: ({ peers }) => (peers.get(other)?.flights.length ?? 0) > 0,
    ring: timed(({ peers }) => {
      for (const flight of peers.get(other)?.flights ?? []) flight.waitTicks = 1;
    }),
    words: (id) => `${id} has waited long enough for ${other}`,
  };
}

function cut(other: NodeId): GossipAlarm {
  return {
    mayRing: ({ peers }) => peers.get(other)?.isDown === false && peers.get(other)?.role !== "spare",
    ring: (_, take) => take({ kind: "link", peer: other, up: false }),
    words: (id) => `${id}'s host takes the link to ${other} for broken`,
  };
}

/** Probes go to the first of the lost with every other turn, to one after the other in between. */
function probe(other: NodeId): GossipAlarm {
  return {
    mayRing: ({ peers }) => peers.get(other)?.isDown === true,
    ring: timed((state) => {
      const place = [...state.peers.values()].filter(({ isDown }) => isDown).findIndex(({ id }) => id === other);
      state.probeTicks = 1;
      state.probeCount = 2 * place; // its turn is the next, odd and so not the first's
    }),
    words: (id) => `${id} asks whether ${other} is back`,
  };
}

function comparison(other: NodeId): GossipAlarm {
  return {
    mayRing: (state) => partnersOf(state).includes(other),
    ring: timed((state) => {
      const partners = partnersOf(state);
      Object.assign(state.random, chanceOf(partners.indexOf(other), partners.length));
      state.syncTicks = 1;
    }),
    words: (id) => `${id} compares what it knows with ${other}`,
  };
}

/** Those who may be drawn: neighbours that answer; with none, in a topology of their own, whoever else answers. */
function partnersOf({ peers, graph, config, topology }: State): readonly NodeId[] {
  const neighbours = graph.get(config.id) ?? [];
  const live = [...peers.values()].filter(({ isDown }) => !isDown).map(({ id }) => id);
  const near = live.filter((id) => neighbours.includes(id));
  return near.length > 0 || topology.kind !== "own" ? near : live;
}

/** A generator whose first number is any, and whose second draws `wanted` of `count`. */
function chanceOf(wanted: number, count: number): Random {
  for (let seed = 1; ; seed++) {
    const random = newRandom(seed);
    const start = { ...random };
    nextBelow(random, 2);
    if (nextBelow(random, count) === wanted) return start;
  }
}

/** All that time brings, and what a host may believe of its links. */
export function alarmsOf(ids: readonly NodeId[], limits: GossipLimits): readonly Alarm<GossipTerms>[] {
  const toEach = (countMax: number, alarm: (other: NodeId) => GossipAlarm): Alarm<GossipTerms>[] => {
    const budget = { countMax };
    return ids.map((other) => ({ budget, ...alarm(other) }));
  };
  return [
    { budget: unlimited, ...greeting }, // once in a life
    { budget: unlimited, ...acknowledgement }, // what is owed limits it
    { budget: { countMax: limits.settles }, ...settlement },
    ...toEach(limits.repeats, patience),
    ...toEach(limits.cuts, cut),
    ...toEach(limits.probes, probe),
    ...toEach(limits.syncs, comparison),
  ];
}

/** What time brings in the end. */
export function restAlarmsOf(ids: readonly NodeId[]): readonly GossipAlarm[] {
  const each = [patience, probe, comparison].flatMap((alarm) => ids.map(alarm));
  return [greeting, acknowledgement, settlement, ...each];
}
