import type { Bytes, Codec } from "../base/bytes.ts";
import type { Core, Vocabulary } from "../protocols/core.ts";
import type { MemberPlan } from "./plans/plan.ts";
import type { Trace } from "./trace.ts";

/** What a member's disk holds: all that is durable. */
export interface Store<V extends Vocabulary> {
  /** Whether a record is a write of its own, apart from the log. */
  isApart(record: V["record"]): boolean;
  encode(record: V["record"]): Bytes;
  /** The records of one write are durable. */
  put(records: readonly V["record"][], encoded: readonly Bytes[]): void;
  /** Flips a bit of something stored; false when there is nothing. */
  flip(pick: number): boolean;
  /** Some bit is not what it was. */
  readonly isDamaged: boolean;
}

/** What a core starts from. */
export interface Boot<V extends Vocabulary> {
  readonly plan: MemberPlan;
  readonly store: Store<V>;
  /** A fresh one for each start. */
  readonly seed: number;
}

/** A member's owner: whoever uses the protocol on that member. One for each start. */
export interface Owner<V extends Vocabulary> {
  take(output: V["output"]): void;
  /** A write found no room, or found room again. */
  diskFull?(isFull: boolean): void;
  /** Its process has ended. */
  ended?(): void;
}

/** A protocol as the simulator knows it. */
export interface Protocol<V extends Vocabulary, State> {
  readonly name: string;
  readonly messages: Codec<V["message"]>;
  emptyStore(): Store<V>;
  start(boot: Boot<V>): Core<V, State>;
  /** Whether a member in this state leads, or believes to, and whom it takes for the leader. Absent: nobody leads. */
  view?(state: Readonly<State>): { readonly leads: boolean; readonly leader: string | undefined };
  /** The version of the protocol that a member names in its greetings; `undefined`: the current one. */
  speaks?(plan: MemberPlan): number | undefined;
  /** Folds what counts of an output into the trace. Default: its words. */
  fold?(output: V["output"], trace: Trace): void;
  readonly words: {
    message(message: V["message"]): string;
    record(record: V["record"]): string;
    output(output: V["output"]): string;
  };
}

/** Sees all that members do, and throws when something is not as it must be. Of a step: records, messages, state. */
export interface Watch<V extends Vocabulary, State> {
  /** A core was made from what its disk holds. */
  started(id: string, state: Readonly<State>): void;
  /** A record was handed to the disk, in the step under way. */
  persisted(id: string, record: V["record"]): void;
  /** A message left for another member, in the step under way. */
  sent(id: string, to: string, message: V["message"]): void;
  stepped(id: string, state: Readonly<State>): void;
  /** Its disk is empty: it owes nothing of what it had. */
  wiped(id: string): void;
}
