import type { X509Certificate } from "node:crypto";
import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import type { Credentials } from "../../tls/credentials.ts";
import type { Address } from "../addresses.ts";
import type { Timers } from "../timers.ts";
import type { Greeting } from "./handshake.ts";

/** Bounds of one channel. */
export interface ChannelLimits {
  readonly frameBytesMax: number;
  /** Bytes handed over and not yet taken by the system. */
  readonly queueBytesMax: number;
  /** From the first packet to the end of the handshake. */
  readonly handshakeMs: number;
  /** Between two beats: see `Channel.beat`. */
  readonly beatMs: number;
  /** Beats without a sign of life after which the other end counts as gone. */
  readonly silentBeatsMax: number;
  readonly timers: Timers;
}

/** What the holder of a channel hears of it. Nothing after `closed`. */
export interface ChannelEvents {
  /** The other end said who it is: to be answered by `open` or `refuse`. */
  greeted(greeting: Greeting): void;
  message(body: Bytes): void;
  /** The other end has answered every ping. */
  answered(): void;
  /** Comes once, without delay, whichever end did it. `misbehaved`: the other end broke the protocol. */
  closed(problem: string, misbehaved: boolean): void;
}

/** A way between two ends, made by one of them: greetings, then frames, in order. */
export interface Channel {
  /** The other end has given no sign of life yet. */
  readonly connecting: boolean;
  readonly bytesQueued: number;
  /** Says who this end is, in answer to the one that dialled. */
  greet(greeting: Greeting): void;
  /** Lets frames flow: the other end is who it should be. */
  open(): void;
  /** Says why not, and hangs up. */
  refuse(greeting: Greeting): void;
  /** Takes a message for the end of this turn; `false`: the queue is full, and it was dropped. */
  send(body: Bytes): boolean;
  ping(): void;
  /**
   * To be called at a steady pace: gives up a channel on which the other end was silent for too many beats.
   *
   * Counts beats and not time, because a process that was itself stopped for a while must not blame its peers.
   */
  beat(): void;
  /** Ends at once. */
  destroy(problem: string, misbehaved?: boolean): void;
  /** Ends after what was handed over has left, or shortly. Resolves once nothing of it is left. */
  finish(): Promise<void>;
}

/** Who comes in by a channel, besides what it says of itself. */
export interface Caller {
  readonly remote: string;
  /** What was shown where channels are encrypted: a certificate, and what OpenSSL finds wrong with it. */
  readonly shown?: { readonly certificate: X509Certificate | undefined; readonly fault: string | undefined };
}

/** Where channels come in that others dial. */
export interface Door {
  enter(caller: Caller, open: (events: ChannelEvents) => Channel): void;
  /** Somebody did not come as far as that. */
  failed(remote: string, problem: string): void;
}

/** What channels are made of. */
export interface Medium {
  /** The port that was bound; 0 before. */
  readonly port: number;
  /** Dials `peer`, and says `hello` as soon as it can be heard. */
  dial(peer: NodeId, to: Address, hello: Greeting, events: ChannelEvents): Channel;
  /** Throws `AddressInUseError`, or `OptionError` for an address that is not this machine's. */
  listen(at: Address, door: Door): Promise<void>;
  /** Lets nobody in any more; all channels have ended before. */
  close(): Promise<void>;
}

/** What a medium is made with. */
export interface MediumOptions {
  readonly limits: ChannelLimits;
  /** With these channels are encrypted, and both ends show who they are. */
  readonly credentials: Credentials | undefined;
}
