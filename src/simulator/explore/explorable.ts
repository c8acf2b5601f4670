import type { NodeId } from "../../base/ids.ts";
import type { Core, Vocabulary } from "../../protocols/core.ts";

/** The words of a protocol, and of what is remembered and checked about it. All of it plain data. */
export interface Terms extends Vocabulary {
  readonly state: object;
  readonly fact: unknown;
  readonly history: unknown;
}

/** One step of one member, as its protocol sees it. */
export interface Moment<T extends Terms> {
  readonly id: NodeId;
  readonly before: Readonly<T["state"]>;
  readonly after: Readonly<T["state"]>;
  /** What the owner asked in this step, if that is what it was. */
  readonly request: T["request"] | undefined;
  /** What left in this step. */
  readonly sent: readonly { readonly to: NodeId; readonly message: T["message"] }[];
  readonly outputs: readonly T["output"][];
}

/** Where a member stands between two steps. */
export interface Standing<T extends Terms> {
  readonly state: Readonly<T["state"]>;
  /** As it would start again now. */
  readonly disk: Readonly<T["state"]>;
}

/** One kind of request. */
export interface Question<T extends Terms> {
  /** At most this many in all, on whichever members. */
  readonly countMax: number;
  mayAsk(state: Readonly<T["state"]>): boolean;
  /** The `number`-th of them, from 1. */
  request(number: number): T["request"];
}

/**
 * A protocol as exhaustive exploration needs it: how to start, copy and compare its members, and what must hold.
 *
 * Members are interchangeable: nothing but their ids tells them apart, and ids occur as whole strings only.
 * In a `Set` or `Map` order has no meaning.
 */
export interface Explorable<T extends Terms> {
  readonly ids: readonly NodeId[];
  /** A core that starts from what its disk holds, for the `life`-th time (from 1). */
  start(id: NodeId, records: readonly T["record"][], life: number): Core<T, T["state"]>;
  /** A core that goes on from a state, which it owns from now on. */
  resume(state: T["state"]): Core<T, T["state"]>;
  /** Sets back clocks and chance after a step: time passes in the steps made for it, and in no others. */
  calm(state: T["state"]): void;
  /** All of a state that can matter later, but its life; counts of records are relative to those durable. */
  essence(state: Readonly<T["state"]>): unknown;
  /** Whether nothing can come of `message` at a member in this state, if nothing does now: not even after a restart. */
  isSpent(message: T["message"], state: Readonly<T["state"]>): boolean;
  /** Whether it is explored that this member's patience ends. */
  mayTimeOut(state: Readonly<T["state"]>): boolean;
  /** Whether the tick just taken was the one that ended it. */
  hasTimedOut(state: Readonly<T["state"]>): boolean;
  /** Whether a single tick means something to this member. */
  mayTick(state: Readonly<T["state"]>): boolean;
  readonly questions: readonly Question<T>[];
  /** What a step tells the history; nothing for most. */
  facts(moment: Moment<T>): readonly T["fact"][];
  readonly firstHistory: T["history"];
  /** The history with these facts too; throws `InvariantViolation` when they contradict it. */
  remember(history: T["history"], facts: readonly T["fact"][]): T["history"];
  /** Throws `InvariantViolation` when members (in the order of `ids`) and history break a promise. */
  check(members: readonly Standing<T>[], history: T["history"]): void;
  /** Each in a few words. */
  readonly words: {
    message(message: T["message"]): string;
    request(request: T["request"]): string;
    record(record: T["record"]): string;
    state(state: Readonly<T["state"]>): string;
  };
}

/** Where an exploration starts, and what it is limited to. Within these it leaves out nothing. */
export interface Bounds {
  /** `new`: nothing has happened yet. `led`: the first member's patience has ended, and all that came of it is done. */
  readonly start: "new" | "led";
  /** Steps from the start. */
  readonly steps: number;
  /** Different states, of which each costs 16 to 32 bytes, and one that waits to be explored about 100. */
  readonly states: number;
  /** How often a member's patience ends. At most 15, as all that follow. */
  readonly timeouts: number;
  /** Single ticks, where they mean something: a leader's heartbeats. */
  readonly ticks: number;
  /** Crashes, each followed by a restart. */
  readonly crashes: number;
  /** Messages delivered twice. */
  readonly duplicates: number;
  /** Messages lost. Without meaning in `any` order: there a message may always stay on its way for ever. */
  readonly losses: number;
  /** `any`: a message may overtake any other. `sent`: a link delivers in order, as a stream does. */
  readonly order: "any" | "sent";
  /** `late`: a record becomes durable at any later time. `fast`: before anything else happens, but a crash. */
  readonly disk: "late" | "fast";
  /** Whether worlds that differ only in the members' names count as one. */
  readonly symmetry: boolean;
}
