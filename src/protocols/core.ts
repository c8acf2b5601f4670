import type { NodeId } from "../base/ids.ts";

/** The words one protocol uses with its world. */
export interface Vocabulary {
  readonly message: unknown;
  readonly request: unknown;
  readonly record: unknown;
  readonly output: unknown;
}

/** All that can happen to a protocol node. There is no clock, socket or disk behind its back. */
export type Input<V extends Vocabulary> =
  | { readonly kind: "receive"; readonly from: NodeId; readonly message: V["message"] }
  | { readonly kind: "request"; readonly request: V["request"] }
  /** The first `count` records since construction are on stable storage. Never goes back. */
  | { readonly kind: "persisted"; readonly count: number }
  /**
   * The link to `peer` broke or was made: a hint, possibly wrong, late or missing.
   *
   * `speaks`: the protocol version that its greeting named; absent: not known, and taken for the current one.
   */
  | { readonly kind: "link"; readonly peer: NodeId; readonly up: boolean; readonly speaks?: number }
  | { readonly kind: "tick" };

/** All that a protocol node can ask of its host. Nothing leaves before `step` has returned. */
export interface Outbox<V extends Vocabulary> {
  /** Returns the record's number: durable once `persisted.count` has reached it. */
  persist(record: V["record"]): number;
  /** Leaves once every record persisted before it is durable: the default, for all that promises. */
  send(to: NodeId, message: V["message"]): void;
  /** May overtake the disk: only for what stays true if this node forgets every pending record. */
  sendAhead(to: NodeId, message: V["message"]): void;
  /** Happens at once; what it claims must already be durable where it has to be. */
  output(output: V["output"]): void;
}

/**
 * A deterministic protocol node.
 *
 * Same construction and same batches in the same order give the same calls on `out`. A batch is
 * one occasion: what its inputs share (an append, a reply, a read round) is asked for once.
 */
export interface Core<V extends Vocabulary, State> {
  /** `now`: monotonic ms read after the last input arrived. May limit claims, never start an election. */
  step(inputs: readonly Input<V>[], now: number, out: Outbox<V>): void;
  /** The live state, plain data, not copied: valid until the next step. */
  inspect(): Readonly<State>;
}
