import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Vocabulary } from "../core.ts";
import type { Topology } from "./links/topology.ts";

/** A node in one run of its process, `node#incarnation`: who numbers the payloads submitted there from 1 on. */
export type Origin = string;

/** The whole numbers `first` … `last`. */
export type Range = readonly [first: number, last: number];

/** Numbers of one origin: ranges in order, apart from each other by at least one number. */
export interface Numbers {
  readonly origin: Origin;
  readonly ranges: readonly Range[];
}

/** Numbers of several origins: what somebody knows, wants, or is owed. Each origin occurs once. */
export type Digest = readonly Numbers[];

/** Payloads of one origin, numbered from `first` on. */
export interface Rumour {
  readonly origin: Origin;
  readonly first: number;
  readonly payloads: readonly Bytes[];
}

/** Which links of a node do not work, as it says itself; a later `version` replaces an earlier one. */
export interface LinkReport {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly version: number;
  readonly down: readonly NodeId[];
}

/** What every message says of its sender. */
export interface Header {
  readonly incarnation: number;
  /** A hash of the link reports it knows; 0 while it knows none. */
  readonly links: number;
  /** To those below the sender, with `traffic`: ticks until it sends on what they and it have gathered. */
  readonly dueTicks?: number;
  /** The last numbered message that arrived from there, in which life, and how many ticks ago. */
  readonly answers?: { readonly incarnation: number; readonly number: number; readonly heldTicks: number };
}

/** What all members on the sender's side of a tree hold, as far as it knows. */
export interface Cover {
  /** A hash of the tree that has these sides. */
  readonly tree: number;
  readonly holds: Digest;
  /** The other side's is wanted. */
  readonly asks: boolean;
}

/**
 * What members say to each other: plain data, of which only payloads are not what JSON can say.
 *
 * An acknowledgement is never of a message but of knowledge: `knows` says what its sender holds.
 */
export type GossipMessage =
  | (Header & {
      readonly kind: "batch";
      /** Counts batches and questions to this peer. */
      readonly number: number;
      readonly rumours: readonly Rumour[];
      /** Meant for the peer, and no longer held: nobody here can send them. */
      readonly gone: Digest;
      readonly knows: Digest;
      readonly cover?: Cover;
      /** The sender waits for an answer. */
      readonly isUrgent: boolean;
    })
  | (Header & { readonly kind: "ack"; readonly knows: Digest; readonly cover?: Cover })
  /**
   * `hash` of all that is known. `knows`: that itself. `asks`: for an answer even when nothing differs; then, when the
   * sender repeats it until it comes, with a `number`.
   */
  | (Header & {
      readonly kind: "digest";
      readonly number?: number;
      readonly hash: number;
      readonly knows?: Digest;
      readonly asks: boolean;
    })
  /** All link reports known to the sender. */
  | (Header & { readonly kind: "reports"; readonly reports: readonly LinkReport[] });

/** What an owner may ask. */
export type GossipRequest =
  /** Payloads for everyone: taken in all or none, and delivered here in the same step. */
  | { readonly kind: "submit"; readonly id: number; readonly payloads: readonly Bytes[] }
  /** From now on, links are these. */
  | { readonly kind: "arrange"; readonly topology: Topology };

/** Why nothing was taken in: too much waits for somebody who does not answer, or a payload is over its maximum. */
export type GossipRefusal = "store-full" | "too-large";

/** What an owner is told. */
export type GossipOutput =
  /** Everything once, in no order: also what was submitted here. */
  | { readonly kind: "deliver"; readonly origin: Origin; readonly first: number; readonly payloads: readonly Bytes[] }
  /** Numbered `first` and on; until another member has it, one memory holds it. */
  | {
      readonly kind: "accepted";
      readonly id: number;
      readonly origin: Origin;
      readonly first: number;
      readonly count: number;
    }
  | { readonly kind: "refused"; readonly id: number; readonly reason: GossipRefusal }
  /** All payloads of an accepted submission are held by `copies` other members. */
  | { readonly kind: "secured"; readonly id: number; readonly copies: number }
  /** Submitted before this member's time, and no longer held by whom it asked: they will not be delivered here. */
  | { readonly kind: "missed"; readonly numbers: Digest }
  /** A peer does not answer any more, or does again. */
  | { readonly kind: "peer"; readonly peer: NodeId; readonly isDown: boolean };

/** Gossip's words. Nothing is ever stored. */
export interface GossipVocabulary extends Vocabulary {
  readonly message: GossipMessage;
  readonly request: GossipRequest;
  readonly record: never;
  readonly output: GossipOutput;
}
