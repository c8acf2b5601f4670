import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Member } from "../../protocols/replicated-log.ts";

/** A member to keep a link with. */
export interface Peer extends Member {
  /** Where else it may be: tried in turn with `address`. Whoever answers there must be this member all the same. */
  readonly otherAddresses?: readonly string[];
}

/** Who a transport speaks for, and whom it tells. Callbacks never throw and return at once. */
export interface TransportOwner {
  readonly id: NodeId;
  /** Nodes of another cluster are refused in the handshake. */
  readonly clusterId: string;
  /** What keeps the order: nodes that name another are refused, too. */
  readonly protocol?: string;
  /** The newest version of the protocol that it speaks. */
  readonly speaks: number;
  /**
   * A whole frame from a node of the cluster. The bytes are the owner's to keep.
   *
   * The sender may be a node that is not yet, or no longer, known as a member here.
   */
  receive(from: NodeId, frame: Bytes): void;
  /**
   * The way to `peer`, a member, was made or broke; up and down in turn. Nothing is told after `close`.
   *
   * `speaks`: the newest version of the protocol that the peer speaks; told when the way was made.
   */
  link(peer: NodeId, up: boolean, speaks?: number): void;
}

/** Carries frames between members: unreliable, in order while a link lasts, never waiting. */
export interface Transport {
  /** What owners of whose messages have both forms put into frames: `node/wire.ts`. Default `native`. */
  readonly encoding?: "native" | "protobuf";
  /** Starts listening and connecting. Throws `AddressInUseError` when the listen address is taken. */
  start(owner: TransportOwner): Promise<void>;
  /** The members to keep links with, besides oneself; called at the start and after each change. */
  setMembers(members: readonly Peer[]): void;
  /**
   * Hands a frame over. Never waits, never fails: without a link, or with a full queue, it is dropped and counted.
   *
   * A node that is no member, but has a way to us at present, is answered on that: one that joins, or was removed.
   */
  send(to: NodeId, frame: Bytes): void;
  stats(): readonly LinkStats[];
  /** What was handed over before still leaves, if it can do so within half a second. */
  close(): Promise<void>;
}

/** One link as seen from this side, counted since the start. */
export interface LinkStats {
  readonly peer: NodeId;
  readonly up: boolean;
  readonly framesSent: number;
  readonly framesReceived: number;
  readonly framesDropped: number;
  readonly bytesQueued: number;
}
