import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import { newRandom, type Random } from "../../base/random.ts";
import type { Outbox } from "../core.ts";
import { type Acceptor, newAcceptor, type Vote } from "../synod/acceptor.ts";
import type { Attempt } from "../synod/attempt.ts";
import type {
  Decree,
  Frame,
  GenesisRecord,
  Member,
  SenderFrames,
  TotalOrderMessage,
  TotalOrderOutput,
  TotalOrderVocabulary,
  ViewMember,
} from "./messages.ts";
import { completeOptions, type TotalOrderConfig, type TotalOrderOptions } from "./options.ts";

/** Where a step's effects go. */
export type TotalOrderOutbox = Outbox<TotalOrderVocabulary>;

/** One kind of message. */
export type MessageOf<Kind extends TotalOrderMessage["kind"]> = Extract<TotalOrderMessage, { readonly kind: Kind }>;

/** A message for the owner. */
export type Delivery = Extract<TotalOrderOutput, { readonly kind: "deliver" }>;

/** All that is known of one member of the view; of ourselves, too. Lists go by the members of the view, in order. */
export interface Peer extends Member {
  restored: boolean;
  leaving: boolean;
  /** All its frames through here are held, or were forgotten. Frozen while wedged. */
  received: number;
  delivered: number;
  forgotten: number;
  /** Every frame of it with a timestamp up to here is among those received; of ourselves, our clock tells. */
  heard: number;
  /** The newest that it said of itself, which waits until all that it had sent then is here. */
  pending: { readonly clock: number; readonly sent: number } | undefined;
  /** By number, above `forgotten`. */
  readonly frames: Map<number, Frame>;
  /** What those held that were received count for. */
  bytes: number;
  /** What those held that came before their time count for. */
  earlyBytes: number;
  /** What it said that it has received of each. */
  readonly acks: number[];
  /** Ticks since it was heard. */
  silentTicks: number;
  /** Ticks in which it was heard since its acknowledgements grew, while it lacks frames that we hold. */
  stalledTicks: number;
  /** When our frames are repeated to it. */
  readonly resend: { leftTicks: number; delayTicks: number };
  /** What it had received of ours when it last missed a frame; -1: it misses none. */
  missing: number;
  /** In this tick it was told that we miss a frame of it. */
  isTold: boolean;
}

/** The view that this member is in; of a seeker the empty one of number 0. */
export interface View {
  readonly group: string;
  readonly number: number;
  readonly members: readonly ViewMember[];
  /** Messages delivered in the group when it began. */
  readonly position: number;
}

/** What a member said when it promised. */
export interface PromisedState extends Member {
  readonly accepted: Vote<Decree> | undefined;
  readonly clock: number;
  readonly received: readonly number[];
  readonly extra: readonly SenderFrames[];
  readonly restored: boolean;
  readonly leaving: boolean;
}

/** How the view ends: our part as an acceptor, and as a proposer if we are one. */
export interface Synod {
  readonly acceptor: Acceptor<Decree>;
  attempt: (Attempt<Decree, PromisedState> & { ticks: number }) | undefined;
  /** Highest round of any ballot seen. */
  round: number;
  /** Ticks that there has been a reason to propose, since the newest ballot was seen. */
  reasonTicks: number;
  /** Ticks until we may try again. */
  backOffTicks: number;
  /** What we told ourselves as founders, which counts once the record before it is durable. */
  readonly own: { readonly record: number; readonly message: MessageOf<"promise" | "accepted"> }[];
}

/** A process that wants to become a member. */
export interface Applicant extends Member {
  silentTicks: number;
  /** Ticks since it was passed on to the other members. */
  passedTicks: number;
}

/** The state on its way to one newcomer, piece by piece. */
export interface Transfer extends Member {
  offset: number;
  /** The piece that was sent and is not acknowledged. */
  piece: MessageOf<"state"> | undefined;
  leftTicks: number;
  /** Ticks until a repeat. Doubles with each, for all pieces to come: a slow link needs so long for one. */
  delayTicks: number;
}

/** What a seeker knows. */
export interface Seeking {
  /** Seeds and others that seek as well. */
  readonly seekers: Map<NodeId, { readonly incarnation: number; silentTicks: number }>;
  /** Members of groups that were heard. */
  readonly contacts: Map<NodeId, { silentTicks: number }>;
  /** Ticks since any member of a group was heard. */
  quietTicks: number;
  /** Ticks until the next application. */
  joinTicks: number;
  /** The group that was founded without us. */
  gone: string | undefined;
}

/** A multicast that is not in a frame yet. */
export interface Waiting {
  readonly id: number;
  readonly payload: Bytes;
}

/** What inputs of one batch share, collected until its end. */
export interface Due {
  /** The largest timestamp of a frame that came new. */
  answer: number;
  /** Something that all must know has changed. */
  tell: boolean;
  /** All were told how we are, in this step. */
  isTold: boolean;
  /** Who is answered alone, and whether it is told that a frame is missing. */
  readonly replies: Map<number, boolean>;
}

/** All that a member knows: plain data. */
export interface TotalOrderState {
  readonly config: TotalOrderConfig;
  readonly random: Random;
  seeds: readonly NodeId[];
  phase: "seeking" | "member" | "ended";
  view: View;
  peers: readonly Peer[];
  /** Our place among the peers; -1 while seeking. */
  me: number;
  /** At least every timestamp that was received in order, sent or told; never falls. */
  clock: number;
  /** What was last sent to all. */
  readonly told: { clock: number; received: readonly number[]; leaving: boolean; quietTicks: number };
  /** Messages delivered in the group so far, whether the owner has them or they wait for the state. */
  position: number;
  /** Deliveries that the owner has not yet taken in. */
  readonly unconsumed: { readonly position: number; readonly bytes: number }[];
  unconsumedBytes: number;
  restored: boolean;
  /** Deliveries that wait for the state. */
  waiting: Delivery[];
  waitingBytes: number;
  /** How much of the state has come. */
  incoming: number;
  readonly transfers: Map<NodeId, Transfer>;
  backlog: Waiting[];
  backlogBytes: number;
  /** Of our frames that are not delivered, the ids of the payloads; by number. */
  readonly framed: Map<number, readonly number[]>;
  /** Ticks since the owner wished to leave. */
  leavingTicks: number | undefined;
  synod: Synod;
  seeking: Seeking;
  readonly applicants: Map<NodeId, Applicant>;
  /** The decree that made this view. */
  lastDecree: Decree | undefined;
  /** Ticks until absent seeds are told of the group again. */
  signTicks: number;
  isBlocked: boolean;
  isStateLost: boolean;
  /** Groups of others that were reported. */
  readonly foreign: Set<string>;
  /** Who was answered out of view in this tick. */
  readonly answered: Set<NodeId>;
  readonly due: Due;
}

/** The state of a process that starts; `genesis` is what an earlier one on this node stored last. */
export function newState(options: TotalOrderOptions, genesis: GenesisRecord | undefined): TotalOrderState {
  const config = completeOptions(options);
  return {
    config,
    random: newRandom(config.seed),
    seeds: config.seeds,
    phase: "seeking",
    view: { group: "", number: 0, members: [], position: 0 },
    peers: [],
    me: -1,
    clock: 0,
    told: { clock: 0, received: [], leaving: false, quietTicks: 0 },
    position: 0,
    unconsumed: [],
    unconsumedBytes: 0,
    restored: false,
    waiting: [],
    waitingBytes: 0,
    incoming: 0,
    transfers: new Map(),
    backlog: [],
    backlogBytes: 0,
    framed: new Map(),
    leavingTicks: undefined,
    synod: newSynod(genesis && { promised: genesis.promised, accepted: genesis.accepted }),
    seeking: { seekers: new Map(), contacts: new Map(), quietTicks: 0, joinTicks: 0, gone: undefined },
    applicants: new Map(),
    lastDecree: undefined,
    signTicks: 0,
    isBlocked: false,
    isStateLost: false,
    foreign: new Set(),
    answered: new Set(),
    due: { answer: 0, tell: false, isTold: false, replies: new Map() },
  };
}

/** Nothing said yet about how a view ends; or, while founding, what is remembered. */
export function newSynod(acceptor: Acceptor<Decree> = newAcceptor()): Synod {
  const round = acceptor.promised?.round ?? 0;
  return { acceptor, attempt: undefined, round, reasonTicks: 0, backOffTicks: 0, own: [] };
}

/** A member of a view that begins, of `count` members; no frame of it can be older than `clock`. */
export function newPeer(member: ViewMember, count: number, clock: number, resendTicks: number): Peer {
  return {
    ...member,
    leaving: false,
    received: 0,
    delivered: 0,
    forgotten: 0,
    heard: clock,
    pending: undefined,
    frames: new Map(),
    bytes: 0,
    earlyBytes: 0,
    acks: new Array<number>(count).fill(0),
    silentTicks: 0,
    stalledTicks: 0,
    resend: { leftTicks: resendTicks, delayTicks: resendTicks },
    missing: -1,
    isTold: false,
  };
}

/** The member at a place of the view. */
export function peerAt({ peers }: TotalOrderState, place: number): Peer {
  const peer = peers[place];
  invariant(peer !== undefined, "a place is one of the view");
  return peer;
}

/** Ourselves. */
export function self(state: TotalOrderState): Peer {
  return peerAt(state, state.me);
}

/** Promised a ballot of this view: nothing is sent, taken in or delivered in it any more. */
export function isWedged({ phase, synod }: TotalOrderState): boolean {
  return phase === "member" && synod.acceptor.promised !== undefined;
}

/** All members hold the frames of the one at `place` through here. */
export function stableOf({ peers }: TotalOrderState, place: number): number {
  let stable = Number.MAX_SAFE_INTEGER;
  for (const { acks } of peers) stable = Math.min(stable, acks[place] ?? 0);
  return stable;
}

/** The owner wished to leave, all that it multicast is delivered, and nobody needs the state from us alone. */
export function isLeaving(state: TotalOrderState): boolean {
  const { leavingTicks, backlog, framed } = state;
  return leavingTicks !== undefined && backlog.length === 0 && framed.size === 0 && !isLastHolder(state);
}

/** Whether we have the application's state, and of the others, as far as they are heard and stay, nobody has. */
function isLastHolder({ restored, peers, me, config }: TotalOrderState): boolean {
  const staying = peers.filter(
    ({ leaving, silentTicks }, at) => at !== me && !leaving && silentTicks < config.suspectTicks,
  );
  return restored && staying.length > 0 && staying.every((peer) => !peer.restored);
}

/** Who decides how the view ends: its members, or the seeds when a group is founded; and how many of them it takes. */
export function electorate({ phase, peers, seeds, config }: TotalOrderState): {
  readonly voters: readonly NodeId[];
  readonly quorum: number;
} {
  const voters = phase === "member" ? peers.map(({ node }) => node) : seeds;
  const half = Math.floor(voters.length / 2) + 1;
  return { voters, quorum: phase === "member" || config.founders === 0 ? half : config.founders };
}
