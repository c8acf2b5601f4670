import type { Bytes } from "../base/bytes.ts";
import type { NodeId } from "../base/ids.ts";
import type { Member, Membership } from "../protocols/replicated-log.ts";
import type { Backup } from "./backups/backup-file.ts";
import type { MembershipChange } from "./node/membership/membership-change.ts";

/** The part a node plays in its term; `member`: in a group without a leader, where each view counts as a term. */
export type Role = "leader" | "follower" | "candidate" | "member";

/** What a node knows of one other member. Replication figures only on the leader. */
export interface PeerStatus {
  readonly id: NodeId;
  readonly linkUp: boolean;
  /** `probe`: finding where logs agree; `stream`: sending as entries come; `snapshot`: sending a snapshot. */
  readonly mode?: "probe" | "stream" | "snapshot";
  /** The last index known to be durable there. */
  readonly match?: number;
  /** The next index to send. */
  readonly next?: number;
  readonly bytesInFlight?: number;
}

/** A node as it sees itself, at one moment. */
export interface NodeStatus {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly role: Role;
  readonly term: number;
  readonly leader: NodeId | undefined;
  /** Whether it serves requests, and why. */
  readonly healthy: boolean;
  readonly reason: string;
  /** Last index in this node's log, durable or not. */
  readonly last: number;
  readonly durable: number;
  readonly commit: number;
  readonly applied: number;
  /** Index of the newest local snapshot; 0 without one. */
  readonly snapshot: number;
  /** Commit index that was known when this node first heard of a leader after its start: ready once applied. */
  readonly readyAt: number | undefined;
  /** Voters: a decision takes a majority of them. */
  readonly members: readonly Member[];
  /** While the membership changes: the voters before, of whom a decision takes a majority, too. */
  readonly outgoing: readonly Member[];
  /** They receive everything and decide nothing. */
  readonly learners: readonly Member[];
  /** All others who take part. */
  readonly peers: readonly PeerStatus[];
  /** Whether this node was told that it takes part no more. */
  readonly removed: boolean;
  readonly disk: {
    readonly state: "ok" | "full";
    readonly bytes: number;
    readonly files: number;
    readonly syncs: number;
  };
  /** Requests waiting for an answer here. */
  readonly waiting: number;
}

/** What can be watched on a node, in the order it happens there. */
export type NodeEvent =
  | { readonly kind: "role"; readonly role: Role; readonly term: number }
  | { readonly kind: "leader"; readonly leader: NodeId | undefined; readonly term: number }
  | { readonly kind: "commit"; readonly index: number }
  | { readonly kind: "link"; readonly peer: NodeId; readonly up: boolean }
  | { readonly kind: "disk"; readonly state: "ok" | "full" }
  | { readonly kind: "snapshot"; readonly index: number; readonly bytes: number }
  | { readonly kind: "restore"; readonly index: number }
  /** Who takes part, in force at once; told again when it is committed. Before that it may be taken back. */
  | ({ readonly kind: "membership"; readonly index: number; readonly isCommitted: boolean } & Membership)
  /** This node takes part no more, since index `index`. It serves nothing, and is best closed. */
  | { readonly kind: "removed"; readonly index: number }
  /** Able to serve requests (a leader is known), or not and why. */
  | { readonly kind: "health"; readonly healthy: boolean; readonly reason: string }
  /** A protocol message sent or received, as the protocol prints it; built only while someone listens. */
  | {
      readonly kind: "message";
      readonly direction: "sent" | "received";
      readonly peer: NodeId;
      readonly message: object;
    };

/**
 * What a read may miss: nothing acknowledged before it began, or (`stale`) whatever has not reached this node yet.
 *
 * `lease` misses nothing either, as long as the clocks of all members run at nearly the same rate: docs/library.md.
 */
export type Consistency = "linearizable" | "lease" | "stale";

/** How long to wait for an answer. */
export interface WaitOptions {
  /** Gives up waiting; what was already sent may still be applied. */
  readonly signal?: AbortSignal;
  /** Longest wait for an answer, in ms. Default 5000. */
  readonly timeoutMs?: number;
}

/** How to have a command applied. */
export interface ExecuteOptions extends WaitOptions {
  /**
   * Names the request across retries, nodes and processes, so that it is applied once: 1 to 256 characters.
   * Default: made here.
   */
  readonly key?: string;
}

/** How to read. */
export interface ReadOptions extends WaitOptions {
  /**
   * `linearizable` (default) shows all that was acknowledged before the read began; `lease` the same, without asking
   * the other members; `stale` what is here, at once.
   */
  readonly consistency?: Consistency;
}

/** How to ask for the index that a read has to wait for. */
export interface BarrierOptions extends WaitOptions {
  /** As for a read. */
  readonly consistency?: Exclude<Consistency, "stale">;
}

/** What is common to both kinds of node: with a machine, or with the user's own state. */
export interface NodeBase extends AsyncDisposable {
  readonly id: NodeId;
  status(): NodeStatus;
  /** Calls `listener` for each event of this kind; returns the call that ends it. */
  on<Kind extends NodeEvent["kind"]>(
    kind: Kind,
    listener: (event: Extract<NodeEvent, { kind: Kind }>) => void,
  ): () => void;
  /** Resolves once a leader is known and everything committed before is applied here. */
  ready(options?: WaitOptions): Promise<void>;
  /**
   * Changes who takes part, all or nothing; resolves with the membership once it is agreed on and nothing of the change
   * is under way any more. Asked of the leader: elsewhere rejects with `NotLeaderError`. To ask again does no harm.
   */
  changeMembership(change: MembershipChange, options?: WaitOptions): Promise<Membership>;
  /**
   * Hands leadership over, to `to` or whoever is most up to date; resolves once that member leads. Asked of the leader,
   * too. A leader that is closed does it by itself.
   */
  transferLeadership(to?: NodeId, options?: WaitOptions): Promise<void>;
  /** Rejects if the node stopped by itself (storage failed, invariant violated); resolves once closed. */
  readonly closed: Promise<void>;
  /** Refuses new requests, finishes those in flight (bounded), hands over leadership, flushes and closes. */
  close(): Promise<void>;
}

/** A member of a replicated machine. */
export interface MachineNode<Command, Answer, Question, Reply> extends NodeBase {
  /**
   * Has the command applied exactly once, on every member in the same place, and resolves with the machine's answer.
   *
   * Works on any member. Rejects with an `OperatingError`: its `outcome` says whether the command may be applied.
   */
  execute(command: Command, options?: ExecuteOptions): Promise<Answer>;
  read(question: Question, options?: ReadOptions): Promise<Reply>;
  /** All state as of one moment, nothing acknowledged before the call left out; works on any member. */
  backup(options?: WaitOptions): Promise<Backup>;
}

/** A piece of the agreed order, for a user who keeps the state himself. Asking for the next one acknowledges it. */
export type Delivery =
  | { readonly kind: "entries"; readonly entries: readonly { readonly index: number; readonly payload: Bytes }[] }
  /**
   * The order up to `index` is no longer stored: replace the state by this snapshot's content.
   *
   * It can be read more than once, until it is acknowledged; damage shows as a `CorruptionError` by the end.
   */
  | { readonly kind: "snapshot"; readonly index: number; readonly content: AsyncIterable<Bytes> };

/** A member of a replicated log without a machine. */
export interface LogNode extends NodeBase {
  /**
   * Resolves with the index at which the payload was committed, durably, on a majority.
   * A retry after an unknown outcome may add it twice.
   */
  propose(payload: Bytes, options?: WaitOptions): Promise<number>;
  /** Resolves with an index: once deliveries through it are taken in, a local read is linearizable. */
  barrier(options?: BarrierOptions): Promise<number>;
  /**
   * The order after index `from`; one reader at a time. Falling behind slows proposers, and does not fill memory.
   *
   * The loop ends when the node is closed; with a `signal` it rejects with `AbortedError`. A later loop goes on where
   * the last one ended: an index before that is an `OptionError`. Payloads are not to be changed.
   */
  committed(options: { readonly from: number; readonly signal?: AbortSignal }): AsyncIterable<Delivery>;
  /** Stores a snapshot of the user's state after entry `index` (already acknowledged); older entries may then go. */
  saveSnapshot(index: number, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<void>;
}
