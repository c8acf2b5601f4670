import type { Bytes } from "../base/bytes.ts";
import type { NodeId } from "../base/ids.ts";

/** A place in the log: the `index`-th entry (from 1), written in `term`. `{0, 0}` is before the first. */
export interface Position {
  readonly index: number;
  readonly term: number;
}

/** One step of the agreed order. Cores never read `payload`. */
export interface Entry {
  readonly term: number;
  /** `none` opens a term and carries nothing; `members` is the protocol's own; `payload` is the owner's. */
  readonly kind: "none" | "payload" | "members";
  readonly payload: Bytes;
}

/** A member and where it listens: the address is the transport's business, opaque here. */
export interface Member {
  readonly id: NodeId;
  readonly address: string;
}

/**
 * Who takes part, as of one place in the log.
 *
 * A decision takes a majority of `members`, and while a change is under way one of `outgoing` too (joint consensus,
 * Raft paper §6). A voter that becomes a learner stands in `outgoing` and in `learners` until the change is over.
 */
export interface Membership {
  /** They vote. */
  readonly members: readonly Member[];
  /** The voters before the change under way; empty when there is none. */
  readonly outgoing: readonly Member[];
  /** They receive everything and decide nothing. */
  readonly learners: readonly Member[];
}

/** All of `voters` vote, nobody else takes part, and no change is under way. */
export function membershipOf(voters: readonly Member[]): Membership {
  return { members: voters, outgoing: [], learners: [] };
}

/** Whether `id` is on the list. */
export function isListed(members: readonly Member[], id: NodeId): boolean {
  return members.some((member) => member.id === id);
}

/** Whether `id` has a vote: among the voters, or the outgoing ones while a change is under way. */
export function isVoter({ members, outgoing }: Membership, id: NodeId): boolean {
  return isListed(members, id) || isListed(outgoing, id);
}

/** Whether `id` takes part, with a vote or without. */
export function takesPart(membership: Membership, id: NodeId): boolean {
  return isVoter(membership, id) || isListed(membership.learners, id);
}

/** All who take part, each once: whom a transport must reach. */
export function participantsOf({ members, outgoing, learners }: Membership): readonly Member[] {
  if (outgoing.length + learners.length === 0) return members;
  const all = new Map<NodeId, Member>();
  for (const member of [...outgoing, ...learners, ...members]) all.set(member.id, member);
  return [...all.values()];
}

/** Identifies one snapshot, wherever it is stored: the applied state after entry `index`. */
export interface SnapshotName extends Position {
  /** Size of its content, in bytes. */
  readonly bytes: number;
  /** CRC-32 of its content: two members may hold different bytes for the same state. */
  readonly checksum: number;
}

/** Whether two names are of the same bytes, wherever they are stored. */
export function isSameSnapshot(one: SnapshotName, other: SnapshotName): boolean {
  const isSamePlace = one.index === other.index && one.term === other.term;
  return isSamePlace && one.bytes === other.bytes && one.checksum === other.checksum;
}

/** Why a proposal or a read was refused. */
export type Hindrance =
  /** No leader is known here, it was lost before it could answer, or it is handing over. */
  | "no-leader"
  /** A bound is reached: uncommitted bytes, waiting reads, or delivery behind. */
  | "busy"
  /** One payload is larger than the log takes. */
  | "too-large"
  /** The node is on its way out. */
  | "stopping"
  /** The node cannot store anything at present. */
  | "disk-full";

/** Why a request was refused. A refusal means: certainly not appended. */
export type Reason =
  | Hindrance
  /** Asked of a member that does not lead; `leader` says who does, if it is known. */
  | "not-leader"
  /** One change at a time, and none before the leader's term has committed its first entry. */
  | "changing"
  /** A new voter must be a learner that has caught up, and so must whom leadership is handed to. */
  | "behind"
  /** A member speaks an older version of the protocol, which does not know this. */
  | "unsupported"
  /** No voters would be left, an id stands twice, or who is to lead has no vote. */
  | "invalid";

/** What a core needs from storage to go on; answered by a `supply` of the same number. */
export type Want =
  | { readonly kind: "entries"; readonly from: number; readonly bytesMax: number }
  | { readonly kind: "chunk"; readonly snapshot: SnapshotName; readonly offset: number; readonly bytesMax: number };

/** The answer to a `want`. `gone`: it is not stored any more. */
export type Found =
  /** Stored entries from `from` on; at least one. */
  | { readonly kind: "entries"; readonly from: number; readonly entries: readonly Entry[] }
  | { readonly kind: "chunk"; readonly offset: number; readonly bytes: Bytes }
  | { readonly kind: "gone" };

/** What the owner of a replicated log may ask of it. Numbers (`id`) are the owner's, never used twice. */
export type LogRequest =
  /** At least one payload; appended all or none; each commits by itself. */
  | { readonly kind: "propose"; readonly id: number; readonly payloads: readonly Bytes[] }
  /** Asks from which index on a local read is linearizable; `lease`: by the leader's lease, if it holds one. */
  | { readonly kind: "barrier"; readonly id: number; readonly mode: "quorum" | "lease" }
  /** The owner has taken in all entries through `index`: credit for delivery. */
  | { readonly kind: "applied"; readonly index: number }
  /** A snapshot of the applied state is durable; older entries may go. */
  | { readonly kind: "snapshotTaken"; readonly snapshot: SnapshotName }
  /** Hands leadership to `to`; `undefined`: to whoever is most up to date. `settled` as applied once it leads. */
  | { readonly kind: "transfer"; readonly id: number; readonly to: NodeId | undefined }
  /** The whole membership wanted, reached by joint consensus where voters change, which ends by itself. */
  | {
      readonly kind: "change";
      readonly id: number;
      readonly members: readonly Member[];
      readonly learners: readonly Member[];
    }
  | { readonly kind: "resign"; readonly reason: "disk-full" | "stopping" }
  /** The hindrance behind an earlier `resign` is gone. */
  | { readonly kind: "resume" }
  | { readonly kind: "supply"; readonly want: number; readonly found: Found };

/** What became of an accepted request: done, certainly not and never to be, or not knowable here. */
export type Settlement = "applied" | "lost" | "unknown";

/** What a replicated log tells its owner. */
export type LogOutput =
  /** The leader has appended proposal or change `id` at `index` … `index + count - 1`; no promise yet. */
  | {
      readonly kind: "accepted";
      readonly id: number;
      readonly term: number;
      readonly index: number;
      readonly count: number;
    }
  /** Request `id` was certainly not appended, nor begun. */
  | { readonly kind: "refused"; readonly id: number; readonly reason: Reason; readonly leader: NodeId | undefined }
  /** What became of request `id`; follows `accepted`, or comes alone: of transfers, and when it cannot be learnt. */
  | { readonly kind: "settled"; readonly id: number; readonly outcome: Settlement }
  /** Reads `ids` are linearizable once everything through `index` is applied. */
  | { readonly kind: "readable"; readonly ids: readonly number[]; readonly index: number }
  /** Entries from `from` on: committed, and durable here. Without gap or repetition. */
  | { readonly kind: "committed"; readonly from: number; readonly entries: readonly Entry[] }
  /** Replace the applied state by this snapshot, durable here; entries after it follow. */
  | { readonly kind: "restore"; readonly snapshot: SnapshotName }
  | { readonly kind: "want"; readonly want: number; readonly what: Want }
  /** The newest membership in the log, in force at once, and again once committed; it may be taken back before. */
  | {
      readonly kind: "membership";
      readonly index: number;
      readonly membership: Membership;
      readonly isCommitted: boolean;
    }
  /** Committed at `index`: this member takes part no more, unless a later membership names it again. */
  | { readonly kind: "removed"; readonly index: number }
  | { readonly kind: "leader"; readonly term: number; readonly leader: NodeId | undefined };
