import { isNodeId, type NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";

/** Timing and bounds of one Raft member. Ticks are the host's; sizes are bytes. */
export interface RaftOptions {
  readonly id: NodeId;
  /** Seeds the election jitter, and names this run of the process: a fresh one for every member and every start. */
  readonly seed: number;
  /** Ticks without a leader before an election, drawn from once to twice this. Default 25. */
  readonly electionTicks?: number;
  /** Ticks between heartbeats; less than `electionTicks`. Default 5. */
  readonly heartbeatTicks?: number;
  /** One payload; larger ones are refused as `too-large`. Default 1 MiB. */
  readonly payloadBytesMax?: number;
  /** Entries in one append message or one record; a single larger entry goes alone. Default 256 KiB. */
  readonly appendBytesMax?: number;
  /** Unanswered appends to one follower; beyond it waits. Default 4 MiB. */
  readonly inflightBytesMax?: number;
  /** Unanswered appends to one follower, in messages. Default 256. */
  readonly inflightCountMax?: number;
  /** Entries appended by the leader, not yet committed; beyond it proposals are refused as `busy`. Default 32 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Entries delivered, not yet `applied`; beyond it delivery waits and proposals are `busy`. Default 16 MiB. */
  readonly deliveryBytesMax?: number;
  /** Durable entries kept in memory; older ones are wanted from storage. Default 8 MiB. */
  readonly tailBytesMax?: number;
  /** Entries kept in the log behind a snapshot, for members a little behind. Default 5000. */
  readonly retainCount?: number;
  /** Read barriers waiting, and proposals forwarded; beyond it they are refused as `busy`. Default 10,000. */
  readonly waitingCountMax?: number;
  /** One piece of a snapshot. Default 256 KiB. */
  readonly chunkBytesMax?: number;
  /** Unanswered pieces of a snapshot to one follower. Default 4. */
  readonly chunksInflightMax?: number;
  /** A learner may become a voter when it lacks at most this many committed entries. Default 1000. */
  readonly learnerLagMax?: number;
  /** The protocol version to speak; 1: as a member of the release before would. Default 2. */
  readonly speaks?: 1 | 2;
  /** Reads by lease, here and as promised to leaders. All members should have the same. Default false. */
  readonly leases?: boolean;
  /** The most by which a member's clock may change its rate while it is measured, as a share. Default 0.1. */
  readonly leaseDriftMax?: number;
}

/** All options, complete and checked. */
export type RaftConfig = Readonly<Required<RaftOptions>>;

/** Fills in the defaults and checks what the host gave; options from users are checked at the host's edge. */
export function completeOptions(options: RaftOptions): RaftConfig {
  const config: RaftConfig = {
    electionTicks: 25,
    heartbeatTicks: 5,
    payloadBytesMax: 2 ** 20,
    appendBytesMax: 2 ** 18,
    inflightBytesMax: 2 ** 22,
    inflightCountMax: 256,
    uncommittedBytesMax: 2 ** 25,
    deliveryBytesMax: 2 ** 24,
    tailBytesMax: 2 ** 23,
    retainCount: 5000,
    waitingCountMax: 10_000,
    chunkBytesMax: 2 ** 18,
    chunksInflightMax: 4,
    learnerLagMax: 1000,
    speaks: 2,
    leases: false,
    leaseDriftMax: 0.1,
    ...options,
  };
  invariant(isNodeId(config.id), "the member's id is well formed");
  invariant(config.heartbeatTicks >= 1, "heartbeats are at least one tick apart");
  invariant(config.electionTicks > config.heartbeatTicks, "elections wait longer than heartbeats");
  invariant(config.leaseDriftMax >= 0 && config.leaseDriftMax < 1, "a clock's drift is a share below 1");
  return config;
}
