import type { NodeId } from "../../base/ids.ts";
import { newRandom, type Random } from "../../base/random.ts";
import type { Outbox } from "../core.ts";
import { difference, type Holdings, hashOf } from "./known/holdings.ts";
import { newStore, type Store } from "./known/store.ts";
import type { Graph, Topology } from "./links/topology.ts";
import type { GossipVocabulary, LinkReport, Origin } from "./messages.ts";
import type { GossipConfig } from "./options.ts";

/** Where a step of gossip puts its effects. */
export type GossipOutbox = Outbox<GossipVocabulary>;

/** Numbers on their way to a peer, or, without any, a question what it knows. */
export interface Flight {
  /** Of the message as it was sent last. */
  number: number;
  readonly holds: Holdings;
  readonly asks: boolean;
  /** Since it was sent last. */
  ageTicks: number;
  /** Until it is sent again. */
  waitTicks: number;
  repeats: number;
}

/** What one member knows of another. */
export interface Peer {
  readonly id: NodeId;
  /** -1: it was never heard. */
  incarnation: number;
  /** Its place in the tree; `beside`: a link that is used though no tree needs it; `spare`: not used. */
  role: "above" | "below" | "beside" | "spare";
  /** What it said it knows in this incarnation: a lower bound of the truth. */
  readonly theirs: Holdings;
  /** To send; neither in `theirs` nor on its way. */
  out: Holdings;
  flights: Flight[];
  /** Batches and questions sent to it, and the last of them that it has answered. */
  numbered: number;
  answered: number;
  /** What it does not know yet that we know: the acknowledgement. */
  readonly owes: Holdings;
  /** Until it is told what is owed, on its own if need be; `undefined`: nothing is. */
  owesTicks: number | undefined;
  /** The last numbered message from it. */
  heard: { number: number; heldTicks: number } | undefined;
  /** The last round trips measured, in ticks. */
  trips: number[];
  /** Its batch is due. */
  isDue: boolean;
  isDown: boolean;
  /** While it is down: an answer to a later number shows that it is back. */
  downAt: number;
  probe: { number: number; ageTicks: number };
  owesReports: boolean;
  /** The hash of the link reports that it knows, or was sent. */
  reportsTold: number;
  /** Until link reports may be sent to it again. */
  reportsTicks: number;
  /** What all on its side of the tree hold. */
  readonly covers: Holdings;
  owesCover: "no" | "tell" | "ask";
  /** How often it was asked for its side's since it was heard last. */
  unheardAsks: number;
}

/** A submission of whose copies the owner wants to know. */
export interface Submission {
  readonly id: number;
  readonly first: number;
  readonly count: number;
}

/** All of a member's state: plain data. */
export interface GossipState {
  readonly config: GossipConfig;
  readonly origin: Origin;
  readonly random: Random;
  /** Payloads submitted here so far. */
  submitted: number;
  ownUnstableBytes: number;
  /** Exactly the numbers delivered here, and those missed for good. */
  readonly known: Holdings;
  /** Of `known`; `undefined` since it grew. */
  hash: number | undefined;
  /** What was known when a comparison ended last: by the next one, it should have come to everyone. */
  aged: Holdings;
  readonly store: Store;
  readonly submissions: Submission[];
  readonly peers: Map<NodeId, Peer>;
  topology: Topology;
  graph: Graph;
  /** Of all who ever had a link that did not work. */
  readonly reports: Map<NodeId, LinkReport>;
  reportsHash: number;
  /** A hash of the tree in use. */
  treeHash: number;
  /** The tree reaches everyone. */
  isWhole: boolean;
  /** A link stopped working or works again, or somebody says so: the tree may be another one. */
  isTreeStale: boolean;
  /** A neighbour in the tree does not know that everyone has what it holds. */
  isCoverWanted: boolean;
  /** Something was heard from which more may be stable. */
  mayBeStable: boolean;
  /** The peers on used links have been told that this member has started. */
  hasGreeted: boolean;
  syncTicks: number;
  settleTicks: number;
  probeTicks: number;
  /** Probes so far. */
  probeCount: number;
  /** With `traffic`: until what was gathered here leaves, to the node above; at the root, to all. */
  gatherTicks: number;
  /** With `traffic`: until all others are sent what waits for them, unless a batch from above comes first. */
  spreadTicks: number;
}

/** How an origin is named. */
function originOf(node: NodeId, incarnation: number): Origin {
  return `${node}#${incarnation}`;
}

/** A member that has just started: it knows nothing. */
export function newState(config: GossipConfig): GossipState {
  const { id, incarnation, members, seed, topology, syncTicks, settleTicks, periodTicks } = config;
  return {
    config,
    origin: originOf(id, incarnation),
    random: newRandom(seed),
    submitted: 0,
    ownUnstableBytes: 0,
    known: new Map(),
    hash: undefined,
    aged: new Map(),
    store: newStore(),
    submissions: [],
    peers: new Map(members.filter((member) => member !== id).map((member) => [member, newPeer(member)])),
    topology,
    graph: new Map(),
    reports: new Map(),
    reportsHash: 0,
    treeHash: 0,
    isWhole: false,
    isTreeStale: true,
    isCoverWanted: false,
    mayBeStable: false,
    hasGreeted: false,
    syncTicks,
    settleTicks,
    probeTicks: 0,
    probeCount: 0,
    gatherTicks: 1,
    spreadTicks: periodTicks,
  };
}

function newPeer(id: NodeId): Peer {
  return {
    id,
    incarnation: -1,
    role: "spare",
    theirs: new Map(),
    out: new Map(),
    flights: [],
    numbered: 0,
    answered: 0,
    owes: new Map(),
    owesTicks: undefined,
    heard: undefined,
    trips: [],
    isDue: false,
    isDown: false,
    downAt: 0,
    probe: { number: 0, ageTicks: 0 },
    owesReports: false,
    reportsTold: 0,
    reportsTicks: 0,
    covers: new Map(),
    owesCover: "no",
    unheardAsks: 0,
  };
}

/** The hash of all that is known here. */
export function knownHash(state: GossipState): number {
  state.hash ??= hashOf(state.known);
  return state.hash;
}

/** Something is owed to a peer, and may wait for a batch to it. */
export function owe({ config }: GossipState, peer: Peer): void {
  peer.owesTicks ??= config.ackTicks;
}

/** Whether the link to this peer is one of the tree. */
export function isInTree({ role }: Peer): boolean {
  return role === "above" || role === "below";
}

/**
 * Whether what `origin` submitted is sent to a peer as soon as it is known.
 *
 * In a full topology everyone sends his own to everyone, and nobody sends what others do.
 */
export function isCarried({ topology, origin: own }: GossipState, { role }: Peer, origin: Origin): boolean {
  return role !== "spare" && (topology.kind !== "full" || origin === own);
}

/** What a peer lacks of what this member carries to it; over other links, of what should have come to it by now. */
export function lackingOf(state: GossipState, peer: Peer): Holdings {
  const lacking = difference(state.known, peer.theirs);
  const late = difference(state.aged, peer.theirs);
  for (const origin of lacking.keys()) {
    if (isCarried(state, peer, origin)) continue;
    const ranges = late.get(origin);
    if (ranges === undefined) lacking.delete(origin);
    else lacking.set(origin, ranges);
  }
  return lacking;
}
