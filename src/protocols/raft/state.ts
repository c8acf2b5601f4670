import type { NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import { newRandom, nextBelow, nextUint32, type Random } from "../../base/random.ts";
import type { Outbox } from "../core.ts";
import { type Delivery, newDelivery } from "../delivery-window.ts";
import type { Sendings } from "../lease-clock.ts";
import { isQuorum } from "../quorum/quorum.ts";
import {
  isListed,
  type LogRequest,
  type Member,
  type Membership,
  membershipOf,
  type SnapshotName,
  type Want,
} from "../replicated-log.ts";
import type { Progress } from "./leader/progress.ts";
import { newestConfiguration, newLog, type RaftLog } from "./log/log.ts";
import type { Proposal, RaftMessage, RaftVocabulary, Verdict } from "./messages.ts";
import { completeOptions, type RaftConfig, type RaftOptions } from "./options.ts";

/** Where a step's effects go. */
export type RaftOutbox = Outbox<RaftVocabulary>;

/** `preCandidate` asks whether it could win before it moves anyone's term (dissertation §9.6). */
export type RaftRole = "follower" | "preCandidate" | "candidate" | "leader";

/** Whether a read is content with the leader's lease. */
export type BarrierMode = Extract<LogRequest, { kind: "barrier" }>["mode"];

/** A read waiting at the leader: its own (`origin` undefined) or a follower's. */
export interface ReadAsk {
  readonly origin: { readonly peer: NodeId; readonly life: number } | undefined;
  readonly id: number;
}

/** Reads that share one confirmation of leadership: linearizable from `index` on, once a majority answered `round`. */
export interface ReadRound {
  readonly round: number;
  readonly index: number;
  readonly asks: readonly ReadAsk[];
  ticks: number;
}

/** What only a leader has. */
export interface Leadership {
  readonly peers: Map<NodeId, Progress>;
  /** Index of the entry that opened the term: reads wait until it is committed. */
  readonly opening: number;
  /** First index that `uncommittedBytes` counts: older ones may have left memory before. */
  readonly countedFrom: number;
  uncommittedBytes: number;
  round: number;
  /** When the newest rounds were sent, for leases. */
  readonly sendings: Sendings;
  rounds: ReadRound[];
  /** We vote among the `members`, or among the `outgoing`. */
  isVoter: boolean;
  isOutgoing: boolean;
  handover: Handover | undefined;
  /** Some follower was told to stand for election, and may do so at any time: no lease holds in this term any more. */
  hasHandedOver: boolean;
  /** Reads that no round carries yet, and for how many ticks the oldest has waited. */
  waiting: ReadAsk[];
  waitingTicks: number;
}

/** Leadership on its way to another, by the owner's request `id` or because the leader was removed. */
export interface Handover {
  readonly id: number | undefined;
  /** Undefined: to whoever is up to date first. */
  readonly to: NodeId | undefined;
  /** Who was told to stand for election. */
  told: NodeId | undefined;
  ticks: number;
}

/** Work that a follower's owner gave it and that the leader does; the ticks bound the wait for an answer. */
export interface Forwarding {
  /** Tells this run of the process from earlier ones, whose late answers must not be taken for ours. */
  readonly life: number;
  /** Forwards sent. */
  sent: number;
  /** Proposals and barriers of the present step, sent as one message each at its end. */
  proposals: Proposal[];
  barriers: { readonly id: number; readonly mode: BarrierMode }[];
  /** Proposals sent, by id: the ticks they have waited. */
  readonly proposed: Map<number, number>;
  /** Barriers sent, by the number of their question. */
  readonly asked: Map<number, { readonly ids: readonly number[]; ticks: number }>;
  asks: number;
}

/** A proposal that a leader accepted and whose fate is not known yet. */
export interface Accepted {
  readonly id: number;
  readonly term: number;
  readonly first: number;
  readonly last: number;
}

/** All that a Raft member knows: plain data. */
export interface RaftState {
  readonly config: RaftConfig;
  readonly random: Random;
  /** The newest in the log, in force from when it was appended (Raft paper §6). */
  membership: Membership;
  role: RaftRole;
  term: number;
  votedFor: NodeId | undefined;
  leader: NodeId | undefined;
  readonly log: RaftLog;
  commit: number;
  /** On a follower: the log is known to equal the leader's through here, in this term. */
  verified: number;
  snapshot: SnapshotName | undefined;
  /** A snapshot being received: its first `received` bytes were handed to the disk. */
  incoming: { readonly snapshot: SnapshotName; received: number } | undefined;
  /** Ticks since the leader was heard, or since the present campaign began. */
  elapsed: number;
  /** When `elapsed` reaches this, a campaign begins. */
  patience: number;
  /** The leader's link broke and it has not been heard since: others' campaigns are welcome. */
  leaderLost: boolean;
  votes: Map<NodeId, boolean>;
  /** The host's monotonic ms of the present step. It limits claims, and starts nothing. */
  now: number;
  /** Ticks so far, from a beginning that tells runs of the process apart; counted for leases alone. */
  clock: number;
  /** For leases: no vote is given in so many ticks, whatever is asked, but at the leader's own wish. */
  loyalTicks: number;
  leadership: Leadership | undefined;
  /** The leader asked for our present campaign: others need not be loyal to it. */
  isHeir: boolean;
  /** A handover of ours that is to be settled when it is known who leads. */
  handedOver: { readonly id: number; readonly to: NodeId; ticks: number } | undefined;
  /**
   * A member that started without knowing anyone: until its log has reached this place, it neither votes nor stands.
   *
   * On the way it reads of memberships that may name it, for it may have been removed before, and of majorities that
   * may have counted what it had then.
   */
  joining: number | undefined;
  /** The term in which a leader said so; 0 for who is not on its way in. */
  joiningTerm: number;
  /** Committed there: this member takes part no more. */
  removed: number | undefined;
  /** Protocol versions that peers' greetings named; who is not here is taken to speak ours. */
  readonly speaks: Map<NodeId, number>;
  readonly forwarding: Forwarding;
  accepted: Accepted[];
  readonly delivery: Delivery;
  /** Open questions to storage, by number: for which follower (or for delivery), and the ticks they have waited. */
  readonly wants: Map<number, { readonly peer: NodeId | undefined; readonly what: Want; ticks: number }>;
  wantCount: number;
  /** Records asked for and durable, the last one that holds term and vote, and ticks without disk progress. */
  readonly disk: { asked: number; durable: number; stateRecord: number; stuckTicks: number };
  /** Why this member takes no office at present. */
  resigned: "disk-full" | "stopping" | undefined;
  /** What the present step owes at its end. */
  readonly due: Due;
}

/** What inputs of one batch share, collected until its end. */
export interface Due {
  /** An answer to the leader's appends, in the session of the last of them. */
  appendReply: boolean;
  appendSession: number | undefined;
  heartbeat: boolean;
  readonly verdicts: { readonly to: NodeId; readonly life: number; readonly verdicts: readonly Verdict[] }[];
  readonly reported: {
    term: number;
    leader: NodeId | undefined;
    membership: Membership;
    isCommitted: boolean;
  };
}

/** What a member remembers across a restart; see `recover`. */
export interface RaftMemory {
  readonly term: number;
  readonly votedFor: NodeId | undefined;
  readonly log: RaftLog;
  readonly snapshot: SnapshotName | undefined;
  readonly joining: number | undefined;
}

/** The state of a member that starts with `memory`; its owner has already taken in everything through `applied`. */
export function newState(
  options: RaftOptions,
  memory: RaftMemory,
  applied: number,
  incoming: { readonly snapshot: SnapshotName; readonly received: number } | undefined,
): RaftState {
  const config = completeOptions(options);
  invariant(applied <= memory.log.last, "nothing is applied that is not in the log");
  const random = newRandom(config.seed);
  const { index, membership } = newestConfiguration(memory.log);
  const commit = Math.max(applied, memory.log.base.index, memory.snapshot?.index ?? 0);
  const life = nextUint32(random);
  const state: RaftState = {
    config,
    random,
    membership,
    role: "follower",
    term: memory.term,
    votedFor: memory.votedFor,
    leader: undefined,
    log: memory.log,
    commit,
    verified: 0,
    snapshot: memory.snapshot,
    incoming: incoming === undefined ? undefined : { ...incoming },
    elapsed: 0,
    patience: 0,
    leaderLost: false,
    votes: new Map(),
    now: 0,
    clock: life * 2 ** 20,
    loyalTicks: config.leases ? config.electionTicks : 0, // promises given before a restart are not remembered
    leadership: undefined,
    isHeir: false,
    handedOver: undefined,
    joining: memory.joining,
    joiningTerm: memory.joining === undefined ? 0 : memory.term,
    removed: undefined,
    speaks: new Map(),
    forwarding: {
      life,
      sent: 0,
      proposals: [],
      barriers: [],
      proposed: new Map(),
      asked: new Map(),
      asks: 0,
    },
    accepted: [],
    delivery: newDelivery(applied),
    wants: new Map(),
    wantCount: 0,
    disk: { asked: 0, durable: 0, stateRecord: 0, stuckTicks: 0 },
    resigned: undefined,
    due: {
      appendReply: false,
      appendSession: undefined,
      heartbeat: false,
      verdicts: [],
      reported: { term: 0, leader: undefined, membership, isCommitted: index <= commit },
    },
  };
  drawPatience(state);
  return state;
}

/** What a member of a new cluster starts with; without `members` one that will be told who takes part. */
export function firstMemory(members: readonly Member[]): RaftMemory {
  const log = newLog({ index: 0, term: 0 }, membershipOf(members));
  return { term: 0, votedFor: undefined, log, snapshot: undefined, joining: undefined };
}

/** Draws how long to wait for a leader: once to twice `electionTicks` (paper §5.2); a member alone waits for nobody. */
export function drawPatience(state: RaftState): void {
  const { electionTicks } = state.config;
  state.elapsed = 0;
  state.patience = isAlone(state) ? 1 : electionTicks + nextBelow(state.random, electionTicks);
}

/** Whether our own vote decides. */
export function isAlone(state: RaftState): boolean {
  return isQuorum(state.membership, (id) => id === state.config.id);
}

/** Ids of all who have a vote, each once. */
export function voterIds({ membership }: RaftState): NodeId[] {
  const { members, outgoing } = membership;
  return [...members, ...outgoing.filter(({ id }) => !isListed(members, id))].map(({ id }) => id);
}

/** Whether `peer` must be spoken to in version 1, or we speak no other. */
export function speaksOld(state: RaftState, peer: NodeId): boolean {
  return state.config.speaks < 2 || (state.speaks.get(peer) ?? 2) < 2;
}

/** Stores term and vote. */
export function persistState(state: RaftState, out: RaftOutbox): void {
  const { term, votedFor, joining, log } = state;
  const isIn = joining === undefined || joining <= log.durable;
  state.disk.stateRecord = out.persist({ kind: "state", term, votedFor, ...(!isIn && { joining }) });
  state.disk.asked = state.disk.stateRecord;
}

/** Sends what claims nothing beyond our term: ahead of the disk, unless the term itself is on its way there. */
export function sendUnbound(state: RaftState, to: NodeId, message: RaftMessage, out: RaftOutbox): void {
  if (state.disk.stateRecord > state.disk.durable) out.send(to, message);
  else out.sendAhead(to, message);
}

/** Asks storage a question; answered by `supply`, or asked again after an election timeout, under the same number. */
export function openWant(state: RaftState, peer: NodeId | undefined, what: Want, out: RaftOutbox): number {
  const want = ++state.wantCount;
  state.wants.set(want, { peer, what, ticks: 0 });
  out.output({ kind: "want", want, what });
  return want;
}
