import type { NodeId } from "../../../base/ids.ts";
import type { PaxosState, PaxosVocabulary } from "../../../protocols/multi-paxos/index.ts";
import type { Update } from "../../../protocols/multi-paxos/messages.ts";

/** Multi-Paxos's words, and what is remembered of a run. */
export interface PaxosTerms extends PaxosVocabulary {
  readonly state: PaxosState;
  readonly fact: PaxosFact;
  readonly history: PaxosHistory;
}

/** What tells an update from others: the same one keeps its term, in whichever view it is proposed again. */
export interface Named {
  /** Of its client and the client's count; no-ops and changes have none. */
  readonly name: string;
  readonly term: number;
}

/** An update that a quorum accepted in `view`, durably. */
export interface Chosen extends Named {
  readonly view: number;
}

/** Who decides in an epoch, and from which place on. */
export interface Electorate {
  readonly start: number;
  readonly members: ReadonlySet<NodeId>;
}

/** What has happened and binds all that follows. */
export interface PaxosHistory {
  readonly epochs: ReadonlyMap<number, Electorate>;
  /** Who led each view, and in which of its lives. */
  readonly leaders: ReadonlyMap<number, readonly [NodeId, number]>;
  /** By view, and then by place. */
  readonly proposed: ReadonlyMap<number, ReadonlyMap<number, Named>>;
  /** Who accepted durably, by view and then by place, while that is no quorum. */
  readonly accepts: ReadonlyMap<number, ReadonlyMap<number, ReadonlySet<NodeId>>>;
  readonly chosen: ReadonlyMap<number, Chosen>;
  /** The highest view that each member has promised to others. */
  readonly promised: ReadonlyMap<NodeId, number>;
  /** All through here somebody took for ordered. */
  readonly ordered: number;
  /** By number of the read that waits: how much was ordered when it was asked. */
  readonly reads: ReadonlyMap<number, number>;
}

/** What one step adds. */
export type PaxosFact =
  | { readonly kind: "decides"; readonly epoch: number; readonly start: number; readonly members: readonly NodeId[] }
  | { readonly kind: "leads"; readonly id: NodeId; readonly life: number; readonly view: number }
  | { readonly kind: "promises"; readonly id: NodeId; readonly view: number }
  | { readonly kind: "proposes"; readonly view: number; readonly seq: number; readonly update: Named }
  /** Durably. */
  | {
      readonly kind: "accepts";
      readonly id: NodeId;
      readonly view: number;
      readonly seq: number;
      readonly update: Named;
    }
  /** Says so; `aru`: through there it need not have accepted, for it knows what is ordered. */
  | {
      readonly kind: "acknowledges";
      readonly id: NodeId;
      readonly view: number;
      readonly seqs: readonly number[];
    }
  | { readonly kind: "orders"; readonly id: NodeId; readonly seq: number; readonly update: Named | undefined }
  | { readonly kind: "asks"; readonly read: number }
  | { readonly kind: "answers"; readonly reads: readonly number[]; readonly index: number }
  | { readonly kind: "refuses"; readonly read: number };

/** What tells this update from others. */
export function named({ kind, client, timestamp, term }: Update): Named {
  return { name: kind === "payload" ? `${client}.${timestamp}` : kind, term };
}

/** Whether these are one update. */
export function isSameUpdate(one: Named | undefined, other: Named | undefined): boolean {
  return one !== undefined && one.name === other?.name && one.term === other.term;
}
