import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Vocabulary } from "../core.ts";
import type { Vote } from "../synod/acceptor.ts";
import type { Ballot } from "../synod/ballot.ts";

/** One run of a process: a node that starts again is another member, of a number that it never used before. */
export interface Member {
  readonly node: NodeId;
  readonly incarnation: number;
}

/** A member of a view. `restored`: it has the application's state, as of where it entered. */
export interface ViewMember extends Member {
  readonly restored: boolean;
}

/** The unit of numbering, ordering and repetition: what a member multicast at once. */
export interface Frame {
  /** 1, 2, 3 … for each sender in each view. */
  readonly number: number;
  readonly timestamp: number;
  readonly payloads: readonly Bytes[];
}

/** In whose name and in which view a message speaks. The group of a process that seeks one is empty, its view 0. */
export interface Stamp {
  readonly group: string;
  readonly view: number;
  readonly incarnation: number;
}

/** What a member says of itself with everything that it sends to all. Lists go by the members of the view, in order. */
export interface Header {
  readonly clock: number;
  /** Number of its last frame. */
  readonly sent: number;
  /** For each member, the number through which it holds all frames. */
  readonly received: readonly number[];
  readonly leaving: boolean;
  readonly restored: boolean;
}

/** Frames of one member of a view, named by its place, in order of their numbers. */
export interface SenderFrames {
  readonly sender: number;
  readonly frames: readonly Frame[];
}

/** How a view ends and the next begins: all that a survivor needs to finish the one and start the other. */
export interface Decree {
  readonly group: string;
  /** Number of the view that ends; the next has one more. 0: a group is founded. */
  readonly base: number;
  readonly members: readonly ViewMember[];
  /** For each member of `base`, its last frame that is delivered in it. */
  readonly cut: readonly number[];
  /** The frames up to `cut` that not every survivor holds. */
  readonly tail: readonly SenderFrames[];
  /** At least every timestamp of the view that ends. */
  readonly clock: number;
  /** Messages delivered in the group when `base` has ended. */
  readonly position: number;
}

/** What members say to each other. */
export type TotalOrderMessage =
  /** A frame of the sender's own. */
  | { readonly kind: "data"; readonly stamp: Stamp; readonly header: Header; readonly frame: Frame }
  /**
   * The sender's state without a frame: an answer, a keep-alive, or a sign that a group exists.
   *
   * `missing`: a frame of the receiver's arrived before one that it follows.
   */
  | { readonly kind: "null"; readonly stamp: Stamp; readonly header: Header; readonly missing: boolean }
  /** "Stop in this view, and tell me what you hold." */
  | { readonly kind: "prepare"; readonly stamp: Stamp; readonly ballot: Ballot; readonly received: readonly number[] }
  /** Stopped: `received` is frozen, and `extra` are the frames beyond the asker's vector. */
  | {
      readonly kind: "promise";
      readonly stamp: Stamp;
      readonly ballot: Ballot;
      readonly clock: number;
      readonly received: readonly number[];
      readonly accepted: Vote<Decree> | undefined;
      readonly extra: readonly SenderFrames[];
      readonly restored: boolean;
      readonly leaving: boolean;
    }
  /** `ballot`: the higher one that was promised. */
  | { readonly kind: "refuse"; readonly stamp: Stamp; readonly ballot: Ballot }
  | { readonly kind: "accept"; readonly stamp: Stamp; readonly ballot: Ballot; readonly decree: Decree }
  | { readonly kind: "accepted"; readonly stamp: Stamp; readonly ballot: Ballot }
  /** The decree is chosen. */
  | { readonly kind: "install"; readonly stamp: Stamp; readonly decree: Decree }
  /** "You were in view `yours`, which ended long ago": of the sender's group, whose view the stamp names. */
  | { readonly kind: "excluded"; readonly stamp: Stamp; readonly yours: number }
  /** The sender, or who the sender heard of, wants to take part. */
  | { readonly kind: "join"; readonly stamp: Stamp; readonly applicant: Member }
  /** A piece of the application's state as of `position`, where the view of the stamp began. */
  | {
      readonly kind: "state";
      readonly stamp: Stamp;
      readonly position: number;
      readonly offset: number;
      readonly bytes: Bytes;
      readonly last: boolean;
    }
  /** All before `offset` arrived. */
  | { readonly kind: "stateAck"; readonly stamp: Stamp; readonly offset: number };

/** What the owner of a member may ask. */
export type TotalOrderRequest =
  /** `id` is the owner's; the answer is one of `deliver`, `refused` and `unknown`. Delivered in the order of asking. */
  | { readonly kind: "multicast"; readonly id: number; readonly payload: Bytes }
  /** Leave once all that was multicast is delivered. */
  | { readonly kind: "leave" }
  /** Who else to look for; for seeds that are found by name, and change. */
  | { readonly kind: "seeds"; readonly seeds: readonly NodeId[] }
  /** The answer to `stateWanted`: a piece, at most `chunkBytesMax` long, of the state as of the view's beginning. */
  | {
      readonly kind: "state";
      readonly view: number;
      readonly to: Member;
      readonly offset: number;
      readonly bytes: Bytes;
      readonly last: boolean;
    }
  /** The owner has taken in everything delivered through `position`. */
  | { readonly kind: "consumed"; readonly position: number };

/** Why a multicast was not made, for certain. */
export type Refusal = "backlog-full" | "too-large" | "leaving" | "ended";

/** What a member tells its owner. */
export type TotalOrderOutput =
  /** The message at `position`; `id` as asked, if it is our own. */
  | {
      readonly kind: "deliver";
      readonly group: string;
      readonly view: number;
      readonly position: number;
      readonly timestamp: number;
      readonly sender: Member;
      readonly payload: Bytes;
      readonly id?: number;
    }
  /** A view begins, after the message at `position`. `joined` and `left` by comparison with the view before. */
  | {
      readonly kind: "view";
      readonly group: string;
      readonly number: number;
      readonly members: readonly ViewMember[];
      readonly joined: readonly Member[];
      readonly left: readonly Member[];
      readonly position: number;
    }
  /**
   * A newcomer needs the state as of `position`: answer with `state`, from `offset` on.
   *
   * The first, of offset 0, comes with the `view` output and at its position: take the snapshot then, and read from
   * it until the next view. May come again.
   */
  | {
      readonly kind: "stateWanted";
      readonly view: number;
      readonly position: number;
      readonly to: Member;
      readonly offset: number;
    }
  /** A piece of the state as of `position`; offset 0 starts anew. After the last, deliveries go on from there. */
  | {
      readonly kind: "state";
      readonly position: number;
      readonly offset: number;
      readonly bytes: Bytes;
      readonly last: boolean;
    }
  /** No majority of the view is heard: nothing is delivered and nobody voted out. */
  | { readonly kind: "blocked"; readonly unheard: readonly Member[] }
  | { readonly kind: "unblocked" }
  /** The others went on without us. The core has ended: start a new incarnation, after a delay that grows. */
  | { readonly kind: "excluded"; readonly group: string; readonly view: number }
  /** We left as asked. The core has ended. */
  | { readonly kind: "left" }
  /** Only newcomers are left: the group lives, but nobody has the application's state. */
  | { readonly kind: "stateLost" }
  /** A group was founded, without us, and nobody of it is heard: if it has ended, an operator may found another. */
  | { readonly kind: "groupGone"; readonly group: string }
  /** Somebody belongs to another group of the same name: two were founded. Nothing is merged. Said once for each. */
  | { readonly kind: "foreignGroup"; readonly node: NodeId; readonly group: string }
  /** Certainly not multicast. */
  | { readonly kind: "refused"; readonly id: number; readonly reason: Refusal }
  /** Multicast, but it is not known whether anyone delivers it. */
  | { readonly kind: "unknown"; readonly id: number };

/** What a seed stores, so that a restart does not found a second group; the newest counts. */
export interface GenesisRecord {
  readonly kind: "genesis";
  readonly promised: Ballot;
  readonly accepted: Vote<Decree> | undefined;
}

/** The words of total order. */
export interface TotalOrderVocabulary extends Vocabulary {
  readonly message: TotalOrderMessage;
  readonly request: TotalOrderRequest;
  readonly record: GenesisRecord;
  readonly output: TotalOrderOutput;
}
