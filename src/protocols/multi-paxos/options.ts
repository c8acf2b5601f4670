import { isNodeId, type NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";

/** Timing and bounds of one Multi-Paxos member. Ticks are the host's; sizes are bytes. */
export interface PaxosOptions {
  readonly id: NodeId;
  /** Seeds the jitter, and names this run of the process: a fresh one for every member and every start. */
  readonly seed: number;
  /** The Progress_Timer: ticks without the leader before a view change, and up to half as many more. Default 25. */
  readonly progressTicks?: number;
  /** Ticks between heartbeats; less than `progressTicks`. Default 5. */
  readonly heartbeatTicks?: number;
  /** Ticks between the attempts of members that lost the same leader. Default 3. */
  readonly staggerTicks?: number;
  /** Ticks between VC_Proofs. Default 5. */
  readonly proofTicks?: number;
  /** Ticks after which View_Change, Prepare and unanswered proposals are sent again. Default 5. */
  readonly retransmitTicks?: number;
  /** The Update_Timer: ticks after which an update that is not ordered is sent to the leader again. Default 15. */
  readonly updateTicks?: number;
  /** Ticks behind what others have before it is asked for, and for which an answer is waited for. Default 3. */
  readonly reconcileTicks?: number;
  /** How far proposals run ahead of what is ordered; taken from who founds a group, or changes it. Default 1024. */
  readonly alpha?: number;
  /** One payload; larger ones are refused as `too-large`. Default 1 MiB. */
  readonly payloadBytesMax?: number;
  /** Updates in one message or record; a single larger update goes alone. Default 256 KiB. */
  readonly runBytesMax?: number;
  /** Proposals to one member that it has not accepted; beyond it they are left to reconciliation. Default 4 MiB. */
  readonly inflightBytesMax?: number;
  /** Updates of this owner and updates queued at the leader, each; beyond it they are `busy`. Default 32 MiB. */
  readonly queueBytesMax?: number;
  /** Updates of this owner that are not ordered yet, and reads that wait; beyond it they are `busy`. Default 10,000. */
  readonly waitingCountMax?: number;
  /** Entries delivered, not yet `applied`; beyond it delivery waits and proposals are `busy`. Default 16 MiB. */
  readonly deliveryBytesMax?: number;
  /** Ordered entries kept in memory; older ones are wanted from storage. Default 8 MiB. */
  readonly tailBytesMax?: number;
  /** Entries kept in the log behind a snapshot, for members a little behind. Default 5000. */
  readonly retainCount?: number;
  /** One piece of a snapshot. Default 256 KiB. */
  readonly chunkBytesMax?: number;
  /** A learner may become a voter when it lacks at most this many ordered entries. Default 1000. */
  readonly learnerLagMax?: number;
  /** Clients remembered, so that their repeats are known; those heard least recently are forgotten. Default 10,000. */
  readonly clientsMax?: number;
  /**
   * Own updates are stored before they are handed on, and are ordered even after a crash: the paper's rule.
   *
   * Then no more than `runBytesMax` of them wait; more are `busy`. Default false: a crash leaves their fate unknown.
   */
  readonly syncPending?: boolean;
  /**
   * To whom accepts go: the leader, which tells the order, or all voters, which count themselves, as in the paper.
   *
   * The option of who leads decides. Default "leader".
   */
  readonly acceptsTo?: "leader" | "all";
  /** Reads by lease, here and as promised to leaders. All members should have the same. Default false. */
  readonly leases?: boolean;
  /** The most by which a member's clock may change its rate while it is measured, as a share. Default 0.1. */
  readonly leaseDriftMax?: number;
}

/** All options, complete and checked. */
export type PaxosConfig = Readonly<Required<PaxosOptions>>;

/** Most voters of one configuration: who accepted is kept as bits of a number. */
export const votersMax = 31;

/** Fills in the defaults and checks what the host gave; options from users are checked at the host's edge. */
export function completeOptions(options: PaxosOptions): PaxosConfig {
  const config: PaxosConfig = {
    progressTicks: 25,
    heartbeatTicks: 5,
    staggerTicks: 3,
    proofTicks: 5,
    retransmitTicks: 5,
    updateTicks: 15,
    reconcileTicks: 3,
    alpha: 1024,
    payloadBytesMax: 2 ** 20,
    runBytesMax: 2 ** 18,
    inflightBytesMax: 2 ** 22,
    queueBytesMax: 2 ** 25,
    waitingCountMax: 10_000,
    deliveryBytesMax: 2 ** 24,
    tailBytesMax: 2 ** 23,
    retainCount: 5000,
    chunkBytesMax: 2 ** 18,
    learnerLagMax: 1000,
    clientsMax: 10_000,
    syncPending: false,
    acceptsTo: "leader",
    leases: false,
    leaseDriftMax: 0.1,
    ...options,
  };
  invariant(isNodeId(config.id), "the member's id is well formed");
  invariant(config.heartbeatTicks >= 1, "heartbeats are at least one tick apart");
  invariant(config.progressTicks > config.heartbeatTicks, "the progress timer waits longer than heartbeats");
  invariant(config.alpha >= 1, "at least one proposal may be open");
  invariant(config.leaseDriftMax >= 0 && config.leaseDriftMax < 1, "a clock's drift is a share below 1");
  return config;
}
