import type { Bytes } from "../../base/bytes.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Vocabulary } from "../core.ts";
import type { Entry, LogOutput, LogRequest, Member, SnapshotName } from "../replicated-log.ts";

/**
 * What is ordered at one sequence number.
 *
 * `client` and `timestamp` name it across repeats: a client is one run of a member, and counts its updates from 1.
 * Client 0 is nobody's: no-ops and changes of members, which are never repeated. `term` is the view in which it was
 * first proposed; whoever proposes it again there keeps that, so that (sequence number, term) names one update.
 */
export interface Update extends Entry {
  readonly client: number;
  readonly timestamp: number;
}

/** Who takes part from `start` on, until the next one: the members of one epoch. */
export interface Configuration {
  readonly epoch: number;
  /** Where the command stands that made it; 0: founded. */
  readonly decided: number;
  readonly start: number;
  /** How far proposals may run ahead of what is ordered, in sequence numbers, in this epoch. */
  readonly alpha: number;
  /** They vote; the view map follows their order. */
  readonly members: readonly Member[];
  readonly learners: readonly Member[];
}

/** Which of a client's updates are ordered: all below `next`, and those listed. */
export interface ClientRecord {
  readonly client: number;
  readonly next: number;
  readonly above: readonly number[];
}

/**
 * What the order says besides the owner's state: where a log may start.
 *
 * Everything through `floor` is behind it. Clients and configurations may be known further, through `through`: a
 * fact about the order does not change, so knowing more of them does no harm.
 */
export interface Base {
  readonly floor: number;
  readonly through: number;
  readonly configurations: readonly Configuration[];
  readonly clients: readonly ClientRecord[];
}

/** One line of a Prepare_OK: what was accepted, or is ordered. */
export interface Report {
  readonly seq: number;
  /** The view in which; 0: it is ordered. */
  readonly accepted: number;
  readonly update: Update;
}

/** What every message says of its sender: its epoch, and through where all is ordered there. */
interface Stamp {
  readonly epoch: number;
  readonly aru: number;
}

/** What a message says besides its stamp; the names are those of the paper where it has one. */
type Said =
  /** "I want view `attempted`"; binds nobody. `heard`: whom the sender hears. */
  | { readonly kind: "viewChange"; readonly attempted: number; readonly heard: readonly NodeId[] }
  /** VC_Proof: brings stragglers up to the installed view. `leaderAlive`: first-hand word of its leader. */
  | {
      readonly kind: "viewProof";
      readonly installed: number;
      readonly heard: readonly NodeId[];
      readonly leaderAlive: boolean;
    }
  | { readonly kind: "prepare"; readonly view: number }
  /** Parts of one `build` belong together; it counts when all `parts` have come. */
  | {
      readonly kind: "prepareOk";
      readonly view: number;
      readonly build: number;
      readonly part: number;
      readonly parts: number;
      readonly reports: readonly Report[];
    }
  /** `ordered`: all of this view through there is; `stable`: everybody heard has everything through there. */
  | {
      readonly kind: "proposal";
      readonly view: number;
      readonly first: number;
      readonly updates: readonly Update[];
      readonly ordered: number;
      readonly stable: number;
    }
  | { readonly kind: "accept"; readonly view: number; readonly first: number; readonly last: number }
  /** Round 0 wants no answer. */
  | {
      readonly kind: "heartbeat";
      readonly view: number;
      readonly ordered: number;
      readonly stable: number;
      readonly round: number;
    }
  | { readonly kind: "heartbeatOk"; readonly view: number; readonly round: number }
  /** `hops` left: who does not lead passes it on while there are any. */
  | { readonly kind: "clientUpdate"; readonly updates: readonly Update[]; readonly hops: number }
  | { readonly kind: "read"; readonly life: number; readonly ask: number }
  /** All before `next` is to be shown, and no more has to; 0: refused. */
  | { readonly kind: "readOk"; readonly life: number; readonly ask: number; readonly next: number }
  /** "Tell me what is ordered from `first` on"; 0: I know nothing, not even who takes part. */
  | { readonly kind: "reconcile"; readonly first: number }
  /** `founding`: the configuration before the first sequence number, for who asked from 0. */
  | {
      readonly kind: "reconcileData";
      readonly first: number;
      readonly updates: readonly Update[];
      readonly founding?: Configuration;
    }
  /** What was asked for is behind this snapshot; `base` is what the order says as of it. */
  | { readonly kind: "offer"; readonly snapshot: SnapshotName; readonly base: Base }
  | { readonly kind: "fetch"; readonly snapshot: SnapshotName; readonly offset: number }
  | { readonly kind: "chunk"; readonly snapshot: SnapshotName; readonly offset: number; readonly bytes: Bytes }
  /** The leader of `view` hands over: prepare a view of your own at once. */
  | { readonly kind: "transfer"; readonly view: number }
  /** Heartbeat_Ok of who keeps leases: a promise to the leader of `view`. `clock`: its ticks, from some beginning. */
  | { readonly kind: "grant"; readonly view: number; readonly round: number; readonly clock: number }
  /** Prepare of who was told to lead by the leader of `appointedIn`: promises to leaders through there are void. */
  | { readonly kind: "heirPrepare"; readonly view: number; readonly appointedIn: number }
  /** A read that is content with the leader's lease, if it holds one. */
  | { readonly kind: "leaseRead"; readonly life: number; readonly ask: number };

/** What members say to each other. */
export type PaxosMessage = Said & Stamp;

/** A message before it is stamped. */
export type Unstamped = Said;

/** One kind of message. */
export type Of<Kind extends PaxosMessage["kind"]> = Extract<Said, { kind: Kind }> & Stamp;

/** What a member stores, in order. */
export type PaxosRecord =
  /** The promise: nothing is answered any more for a lower view. */
  | { readonly kind: "view"; readonly view: number }
  /** Accepted in `view`, which it promises as well. */
  | { readonly kind: "accepted"; readonly view: number; readonly first: number; readonly updates: readonly Update[] }
  /** Ordered, as others said who know. */
  | { readonly kind: "learned"; readonly first: number; readonly updates: readonly Update[] }
  /** A hint: what is stored through there is ordered. */
  | { readonly kind: "ordered"; readonly through: number }
  /**
   * The log starts after `base.floor`; `snapshot` holds what is older. `isOwn`: of this member's own making, so all
   * through `base.through` is stored here and ordered. Accepted updates after `base.floor` stay. The newest counts.
   * `promised`: of the records that go with the old start, one may have held the newest promise.
   */
  | {
      readonly kind: "base";
      readonly base: Base;
      readonly snapshot: SnapshotName | undefined;
      readonly isOwn: boolean;
      readonly promised: number;
    }
  /** The paper's Pending_Updates: own updates, of this run and those before, that wait to be ordered; all of them. */
  | { readonly kind: "pending"; readonly updates: readonly Update[] }
  /** A piece of a snapshot from another member; with its last byte the snapshot is complete. */
  | { readonly kind: "chunk"; readonly snapshot: SnapshotName; readonly offset: number; readonly bytes: Bytes };

/** Multi-Paxos's words. */
export interface PaxosVocabulary extends Vocabulary {
  readonly message: PaxosMessage;
  readonly request: LogRequest;
  readonly record: PaxosRecord;
  readonly output: LogOutput;
}
