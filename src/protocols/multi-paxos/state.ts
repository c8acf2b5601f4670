import type { NodeId } from "../../base/ids.ts";
import { newRandom, nextBelow, nextUint32, type Random } from "../../base/random.ts";
import type { Outbox } from "../core.ts";
import { type Delivery, newDelivery } from "../delivery-window.ts";
import type { LeaseClock, Sendings } from "../lease-clock.ts";
import { majority } from "../quorum/majority.ts";
import {
  isListed,
  type LogRequest,
  type Membership,
  type Reason,
  type SnapshotName,
  type Want,
} from "../replicated-log.ts";
import { isExecuted } from "./clients/executed.ts";
import { newPendingUpdates, type PendingUpdates, type Waiting } from "./clients/pending.ts";
import { executeThrough, type Facts } from "./log/facts.ts";
import type { History } from "./log/history.ts";
import type { PaxosMemory } from "./log/recovery.ts";
import { configurationAt, isNamed, membershipAt, viewOf } from "./membership/configurations.ts";
import type { Base, Configuration, PaxosMessage, PaxosVocabulary, Report, Unstamped, Update } from "./messages.ts";
import { completeOptions, type PaxosConfig, type PaxosOptions } from "./options.ts";

/** Where a step's effects go. */
export type PaxosOutbox = Outbox<PaxosVocabulary>;

/**
 * The paper's LEADER_ELECTION, which here is `election` and, once a quorum wants the view, `preparing`; REG_LEADER;
 * REG_NONLEADER. `passive`: no voter of the present epoch, or none is known.
 */
export type PaxosRole = "election" | "preparing" | "leader" | "follower" | "passive";

/** What is known of another member, whatever its part. */
export interface Contact {
  /** The tick at which it was last heard. */
  heardAt: number;
  /** It hears us, as it last said. */
  hearsUs: boolean;
  aru: number;
  /** Until then it is not told again what stragglers are told. */
  toldUntil: number;
}

/** An answer to our Prepare: `aru` is the answerer's. */
export interface PrepareOk {
  readonly build: number;
  readonly parts: Map<number, readonly Report[]>;
  aru: number;
  isWhole: boolean;
}

/** What a leader knows of one member of its epoch. */
export interface Progress {
  readonly id: NodeId;
  /** Its bit among the voters'; 0 for a learner. */
  readonly bit: number;
  /** The tick at which it last acknowledged anything in our view. */
  ackedAt: number;
  /** The newest round that it answered. */
  round: number;
  /** Proposals on their way to it, oldest first. */
  inflight: { readonly last: number; readonly bytes: number }[];
  inflightBytes: number;
  /** Through where it was told what is ordered. */
  toldOrdered: number;
  /** The last place of an update that it sent: it is told of that at once, and not with the next tick. */
  awaited: number;
  /** For leases. */
  clock: LeaseClock;
}

/** A read waiting at the leader: its own (`origin` undefined) or another member's. */
export interface ReadAsk {
  readonly origin: { readonly peer: NodeId; readonly life: number } | undefined;
  readonly id: number;
}

/** Reads that share one confirmation: linearizable from `seq` on, once a quorum answered `round`. */
export interface ReadRound {
  readonly round: number;
  readonly seq: number;
  readonly asks: readonly ReadAsk[];
  ticks: number;
}

/** Whether a read is content with the leader's lease. */
export type BarrierMode = Extract<LogRequest, { kind: "barrier" }>["mode"];

/** Leadership on its way to another, by the owner's request `id`. */
export interface Handover {
  readonly id: number;
  readonly to: NodeId | undefined;
  told: NodeId | undefined;
  ticks: number;
}

/** What only a leader has. */
export interface Leadership {
  readonly progress: Map<NodeId, Progress>;
  readonly quorum: number;
  readonly ownBit: number;
  /** Updates that earlier views may have had ordered, by place (P6). */
  readonly plan: Map<number, Update>;
  /** The last place that is bound: what nobody named up to there becomes a no-op. */
  readonly planTop: number;
  lastProposed: number;
  /** Runs of ours, oldest first: each counts as accepted here once its record is durable. */
  ownRuns: { readonly record: number; readonly first: number; readonly last: number }[];
  /** The paper's Update_Queue, from `queueFrom` on, and its bytes. */
  queue: Update[];
  /** Who sent each; `undefined`: our own owner. */
  senders: (NodeId | undefined)[];
  queueFrom: number;
  queueBytes: number;
  round: number;
  rounds: ReadRound[];
  waiting: ReadAsk[];
  waitingTicks: number;
  handover: Handover | undefined;
  /** Somebody was told to lead, and may do so at any time: no lease holds in this view any more. */
  hasAppointed: boolean;
  /** When the newest rounds were sent, for leases. */
  readonly sendings: Sendings;
  /** The tick at which the aru last moved. */
  movedAt: number;
  /** The tick at which open proposals were last sent again. */
  repeatedAt: number;
}

/** A change of members that this leader proposed: `seq` 0 until it has a place. */
export interface OwnChange {
  readonly id: number;
  readonly term: number;
  seq: number;
}

/** All that a member knows: plain data. */
export interface PaxosState {
  readonly config: PaxosConfig;
  readonly random: Random;
  /** Ticks so far. */
  clock: number;
  /** The host's monotonic ms of the present step. It limits claims, and starts nothing. */
  now: number;
  role: PaxosRole;
  /** The configuration of the next sequence number: this member's epoch. */
  configuration: Configuration | undefined;
  /** The newest configuration decided, in the words of replicated logs. */
  membership: Membership;
  readonly history: History;
  readonly facts: Facts;
  snapshot: SnapshotName | undefined;
  /** The promise: nothing is answered for a lower view. Never falls. */
  lastInstalled: number;
  /** For leases: before that tick no Prepare is answered, but of who was appointed in `view` or a later one. */
  readonly loyalty: { view: number; until: number };
  /** In `preparing`: the view whose leader told us to. */
  appointedIn: number | undefined;
  /** Binds nobody; falls back to `lastInstalled`. */
  lastAttempted: number;
  /** The highest view handed to the disk, and the record it is in. */
  promised: { view: number; record: number };
  /** The paper's VC[]: who wants `lastAttempted`. */
  viewChanges: Set<NodeId>;
  /** The paper's Progress_Timer: the tick at which it expires, while it runs. */
  progressAt: number | undefined;
  /** In `election`: the tick at which to attempt a view, and to send View_Change again. */
  attemptAt: number;
  retransmitAt: number;
  /** By how much the timer is stretched: doubles with each view that fails. */
  patience: number;
  /** The tick at which `lastInstalled` was installed here. */
  installedAt: number;
  leader: NodeId | undefined;
  /** The tick at which the leader of `lastInstalled` was last heard, first-hand. */
  leaderHeardAt: number | undefined;
  prepareOks: Map<NodeId, PrepareOk>;
  /** Own answers to Prepare so far: names each build. */
  builds: number;
  leadership: Leadership | undefined;
  readonly contacts: Map<NodeId, Contact>;
  /** The highest that anyone is known to have ordered, and who. */
  known: { seq: number; by: NodeId | undefined };
  readonly life: number;
  /** Own updates that are not ordered. */
  readonly pending: PendingUpdates;
  /** Updates of runs before that may not be ordered (D5). */
  inherited: Waiting[];
  /** A snapshot was installed: own updates may be in it that will not be seen. */
  settlesInstalled: boolean;
  ownChange: OwnChange | undefined;
  /** Fates to tell once delivery has passed their place. */
  settling: { readonly id: number; readonly seq: number }[];
  /** Barriers asked of the leader, by the number of their question. */
  readonly asked: Map<number, { readonly ids: readonly number[]; ticks: number }>;
  asks: number;
  /** A handover of ours that is to be settled when it is known who leads. */
  handedOver: { readonly id: number; readonly to: NodeId; ticks: number } | undefined;
  readonly delivery: Delivery;
  /** Open questions to storage, by number: for which member (or for delivery), and the ticks they have waited. */
  readonly wants: Map<number, { readonly peer: NodeId | undefined; readonly what: Want; ticks: number }>;
  wantCount: number;
  /** What is being asked of whom, to catch up, until when it is waited for. */
  reconciling: { readonly peer: NodeId; until: number } | undefined;
  /** The tick since which others are known to have more. */
  behindSince: number | undefined;
  /** A snapshot being received, and what the order says as of it. */
  incoming: { readonly snapshot: SnapshotName; received: number; base: Base | undefined } | undefined;
  /** `pendingCount`: updates in the newest record of those that wait. */
  readonly disk: { asked: number; durable: number; stuckTicks: number; hinted: number; pendingCount: number };
  resigned: "disk-full" | "stopping" | undefined;
  /** Whether any configuration named this member, and where it was found to take part no more. */
  tookPart: boolean;
  removed: number | undefined;
  readonly due: Due;
}

/** What inputs of one batch share, collected until its end. */
export interface Due {
  /** Ranges accepted from the leader, to be acknowledged once durable. */
  accepts: { readonly to: NodeId; readonly view: number; readonly first: number; last: number }[];
  heartbeat: boolean;
  /** Own updates to send to the leader. */
  updates: Update[];
  /** What waits to be ordered is to be stored. */
  pending: boolean;
  /** Barriers to ask of the leader. */
  barriers: { readonly id: number; readonly mode: BarrierMode }[];
  reported: {
    term: number;
    leader: NodeId | undefined;
    /** The newest epoch known, and whether it is in force. */
    epoch: number | undefined;
    isCommitted: boolean;
  };
}

/** The state of a member that starts with `memory`; its owner has already taken in everything through `applied`. */
export function newState(
  options: PaxosOptions,
  memory: PaxosMemory,
  applied: number,
  incoming: { readonly snapshot: SnapshotName; readonly received: number } | undefined,
): PaxosState {
  const config = completeOptions(options);
  const { history, facts, snapshot } = memory;
  const random = newRandom(config.seed);
  executeThrough(facts, history, Math.max(applied, snapshot?.index ?? 0));
  const { aru } = history;
  const configuration = configurationAt(facts.configurations, aru + 1);
  const first = configuration === undefined ? 0 : viewOf(configuration.epoch, 0);
  const lastInstalled = Math.max(memory.promised, first); // R3
  const membership = membershipAt(facts.configurations, configuration);
  const unordered = memory.pending.filter(({ client, timestamp }) => !isExecuted(facts.clients, client, timestamp));
  const life = nextUint32(random) * 2 ** 20 + (nextUint32(random) >>> 12) + 1;
  return {
    config,
    random,
    clock: 0,
    now: 0,
    role: configuration !== undefined && isListed(configuration.members, config.id) ? "election" : "passive",
    configuration,
    membership,
    history,
    facts,
    snapshot,
    lastInstalled,
    loyalty: { view: 0, until: 0 },
    appointedIn: undefined,
    lastAttempted: lastInstalled,
    promised: { view: memory.promised, record: 0 },
    viewChanges: new Set(),
    progressAt: undefined,
    attemptAt: 1,
    retransmitAt: 0,
    patience: 1,
    installedAt: 0,
    leader: undefined,
    leaderHeardAt: undefined,
    prepareOks: new Map(),
    builds: life,
    leadership: undefined,
    contacts: new Map(),
    known: { seq: 0, by: undefined },
    life,
    pending: newPendingUpdates(),
    inherited: unordered.map((update) => ({ update, sentAt: 0, tries: 0 })),
    settlesInstalled: false,
    ownChange: undefined,
    settling: [],
    asked: new Map(),
    asks: 0,
    handedOver: undefined,
    delivery: newDelivery(applied),
    wants: new Map(),
    wantCount: 0,
    reconciling: undefined,
    behindSince: undefined,
    incoming: incoming && { ...incoming, base: undefined },
    disk: { asked: 0, durable: 0, stuckTicks: 0, hinted: aru, pendingCount: memory.pending.length },
    resigned: undefined,
    tookPart: facts.configurations.some((each) => isNamed(each, config.id)),
    removed: undefined,
    due: {
      accepts: [],
      heartbeat: false,
      updates: [],
      pending: false,
      barriers: [],
      reported: {
        term: 0,
        leader: undefined,
        epoch: facts.configurations.at(-1)?.epoch,
        isCommitted: facts.configurations.at(-1) === configuration,
      },
    },
  };
}

/** This member's epoch; -1 when it knows nobody. */
export function epochNow({ configuration }: PaxosState): number {
  return configuration?.epoch ?? -1;
}

/** Whether this member votes in the present epoch. */
export function votes({ configuration, config }: PaxosState): boolean {
  return configuration !== undefined && isListed(configuration.members, config.id);
}

/** Whether those for whom `isFor` holds are a quorum of the present epoch's voters. */
export function isQuorumFor({ configuration }: PaxosState, isFor: (id: NodeId) => boolean): boolean {
  if (configuration === undefined) return false;
  let count = 0;
  for (const { id } of configuration.members) if (isFor(id)) count++;
  return count >= majority(configuration.members.length);
}

/** How many ticks the Progress_Timer runs, drawn anew: longer, the more views have failed. */
export function drawPatience({ config, patience, random }: PaxosState): number {
  return config.progressTicks * patience + nextBelow(random, Math.ceil(config.progressTicks / 2));
}

/** Starts the Progress_Timer anew. */
export function startProgress(state: PaxosState): void {
  state.progressAt = state.clock + drawPatience(state);
}

/** A message with what all say of their sender. */
export function stamped(state: PaxosState, message: Unstamped): PaxosMessage {
  return { ...message, epoch: epochNow(state), aru: state.history.aru };
}

/** Leaves once every record asked for is durable. */
export function send(state: PaxosState, to: NodeId, message: Unstamped, out: PaxosOutbox): void {
  out.send(to, stamped(state, message));
}

/** May overtake the disk: only what stays true if this member forgets every pending record. */
export function sendAhead(state: PaxosState, to: NodeId, message: Unstamped, out: PaxosOutbox): void {
  out.sendAhead(to, stamped(state, message));
}

/** Stores the promise of `lastInstalled`, unless that was asked for before (D1, D2). */
export function persistView(state: PaxosState, out: PaxosOutbox): void {
  const { promised, lastInstalled } = state;
  if (promised.view >= lastInstalled) return;
  promised.view = lastInstalled;
  promised.record = out.persist({ kind: "view", view: lastInstalled });
  state.disk.asked = promised.record;
}

/** Asks storage a question; answered by `supply`, or asked again after a while, under the same number. */
export function openWant(state: PaxosState, peer: NodeId | undefined, what: Want, out: PaxosOutbox): number {
  const want = ++state.wantCount;
  state.wants.set(want, { peer, what, ticks: 0 });
  out.output({ kind: "want", want, what });
  return want;
}

/** Refuses a request of the owner: nothing of it was begun. */
export function refuse(state: PaxosState, id: number, reason: Reason, out: PaxosOutbox): void {
  out.output({ kind: "refused", id, reason, leader: state.leader });
}
