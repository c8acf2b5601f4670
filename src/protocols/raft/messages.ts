import type { Bytes } from "../../base/bytes.ts";
import type { Vocabulary } from "../core.ts";
import type { Entry, Hindrance, LogOutput, LogRequest, Membership, Position, SnapshotName } from "../replicated-log.ts";

/**
 * What members say to each other. Every message carries its sender's term (Raft paper, figure 2).
 *
 * Fields that may be missing are of version 2, and so are the kinds `timeoutNow` and `removed`: who speaks version 1
 * is never sent them. `session` names a leader's stretch of sending to one member; answers repeat it, so that none
 * is taken for the answer of a member that was removed and came back.
 */
export type RaftMessage =
  /** "Would you vote for me in `term`?", asked before anyone's term moves (dissertation §9.6). */
  | { readonly kind: "preVote"; readonly term: number; readonly last: Position }
  /** Granted: `term` is the one asked about; refused: the refuser's own. */
  | { readonly kind: "preVoteReply"; readonly term: number; readonly granted: boolean }
  /** `isHandedOver`: the leader itself asked for this election, so nobody need be loyal to it. */
  | { readonly kind: "vote"; readonly term: number; readonly last: Position; readonly isHandedOver?: true }
  | { readonly kind: "voteReply"; readonly term: number; readonly granted: boolean }
  | {
      readonly kind: "append";
      readonly term: number;
      readonly previous: Position;
      readonly commit: number;
      readonly entries: readonly Entry[];
      readonly session?: number;
    }
  /** The log equals the leader's through `match`, durably. */
  | { readonly kind: "appendReply"; readonly term: number; readonly match: number; readonly session?: number }
  /** Nothing that fits before `rejected + 1`; `hint` is the last place that could still agree. */
  | {
      readonly kind: "appendConflict";
      readonly term: number;
      readonly rejected: number;
      readonly hint: Position;
      readonly session?: number;
    }
  /** `commit` never exceeds what is known to match there; `sent`: the last index sent before; round 0: no answer. */
  | {
      readonly kind: "heartbeat";
      readonly term: number;
      readonly commit: number;
      readonly round: number;
      readonly sent: number;
      readonly session?: number;
    }
  /** `missing`: not all that was sent has arrived. `clock`: ticks so far, of a member that keeps leases. */
  | {
      readonly kind: "heartbeatReply";
      readonly term: number;
      readonly round: number;
      readonly match: number;
      readonly missing: boolean;
      readonly session?: number;
      readonly clock?: number;
    }
  /** A piece of a snapshot, and who took part as of it; without bytes it asks where to go on. */
  | {
      readonly kind: "chunk";
      readonly term: number;
      readonly snapshot: SnapshotName;
      readonly membership: Membership;
      readonly offset: number;
      readonly bytes: Bytes;
      readonly session?: number;
    }
  /** The first `received` bytes are durable; all of them: installed. */
  | {
      readonly kind: "chunkReply";
      readonly term: number;
      readonly snapshot: SnapshotName;
      readonly received: number;
      readonly session?: number;
    }
  /** `life` tells one run of the asking process from another; `number` counts its forwards: a repeat is known. */
  | {
      readonly kind: "forward";
      readonly term: number;
      readonly life: number;
      readonly number: number;
      readonly proposals: readonly Proposal[];
    }
  | {
      readonly kind: "forwardReply";
      readonly term: number;
      readonly life: number;
      readonly verdicts: readonly Verdict[];
    }
  | {
      readonly kind: "barrier";
      readonly term: number;
      readonly life: number;
      readonly ask: number;
      /** The leader's lease is enough, if it holds one. */
      readonly isLeaseEnough?: true;
    }
  /** `index` 0: refused, for want of a leader or of room. */
  | {
      readonly kind: "barrierReply";
      readonly term: number;
      readonly life: number;
      readonly ask: number;
      readonly index: number;
    }
  /** The leader hands over: stand for election at once (dissertation §3.10). */
  | { readonly kind: "timeoutNow"; readonly term: number }
  /** Who is told this takes no part any more, by what is committed at `index`. */
  | { readonly kind: "removed"; readonly term: number; readonly index: number };

/** A proposal on its way from a follower's owner to the leader. */
export interface Proposal {
  readonly id: number;
  readonly payloads: readonly Bytes[];
}

/** The leader's answer to a forwarded proposal. */
export type Verdict =
  | { readonly kind: "accepted"; readonly id: number; readonly index: number; readonly count: number }
  | { readonly kind: "refused"; readonly id: number; readonly reason: Hindrance }
  /** It may have been appended before, from an earlier copy of the message. */
  | { readonly kind: "unknown"; readonly id: number };

/** What Raft stores, in order. */
export type RaftRecord =
  /** The newest counts. `joining`: see `RaftState`; missing, as in format 1, for all but who is on its way in. */
  | {
      readonly kind: "state";
      readonly term: number;
      readonly votedFor: string | undefined;
      readonly joining?: number;
    }
  /** Replaces all stored from `from` on. */
  | { readonly kind: "entries"; readonly from: number; readonly entries: readonly Entry[] }
  /** A piece of a snapshot from the leader; with its last byte the snapshot is complete. */
  | { readonly kind: "chunk"; readonly snapshot: SnapshotName; readonly offset: number; readonly bytes: Bytes }
  /**
   * The log starts after `base`, where `membership` takes part, and `snapshot` holds what is older. Entries after
   * `base` stay if the log had an entry of that index and term, otherwise all go. The newest counts.
   */
  | {
      readonly kind: "base";
      readonly base: Position;
      readonly snapshot: SnapshotName | undefined;
      readonly membership: Membership;
    };

/** Raft's words. */
export interface RaftVocabulary extends Vocabulary {
  readonly message: RaftMessage;
  readonly request: LogRequest;
  readonly record: RaftRecord;
  readonly output: LogOutput;
}
