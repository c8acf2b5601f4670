import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import type { Resolver } from "../addresses.ts";
import type { OnceNotices } from "../notices.ts";
import type { ChannelLimits, Medium } from "./channel.ts";
import type { Identity } from "./handshake.ts";

/** What links and the acceptor share, and whom they tell. */
export interface Endpoint {
  readonly limits: ChannelLimits;
  readonly medium: Medium;
  readonly resolver: Resolver;
  readonly notices: OnceNotices;
  /** Whether both ends of each channel show certificates. */
  readonly isEncrypted: boolean;
  /** 0 to below 1. */
  readonly random: () => number;
  /** How this node introduces itself to `to`. */
  identity(to: NodeId): Identity;
  isMember(peer: NodeId): boolean;
  /** A message from `peer`, on whichever connection it came. */
  receive(peer: NodeId, body: Bytes): void;
  /** The link to `peer` was made or broke: up and down in turn; `speaks` as in `TransportOwner`. */
  changed(peer: NodeId, up: boolean, speaks?: number): void;
  /** `peer` has connected to us; `session` tells its starts apart. */
  arrived(peer: NodeId, session: number): void;
  /** The connection that `peer` made broke. */
  departed(peer: NodeId): void;
}
