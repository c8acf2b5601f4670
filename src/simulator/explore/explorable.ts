import type { NodeId } from "../../base/ids.ts";
import type { Core, Input, Vocabulary } from "../../protocols/core.ts";
import type { Budget } from "./budget.ts";

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
  /** What was received in this step, if that is what it was. */
  readonly received: { readonly from: NodeId; readonly message: T["message"] } | undefined;
  /** What left in this step. */
  readonly sent: readonly { readonly to: NodeId; readonly message: T["message"] }[];
  readonly outputs: readonly T["output"][];
  /** What has become durable in this step; of a member that crashed, what was found on its disk besides. */
  readonly stored: readonly T["record"][];
}

/** Where a member stands between two steps. */
export interface Standing<T extends Terms> {
  readonly state: Readonly<T["state"]>;
  /** As it would start again now. */
  readonly disk: Readonly<T["state"]>;
}

/** One kind of request. */
export interface Question<T extends Terms> {
  readonly budget: Budget;
  mayAsk(state: Readonly<T["state"]>): boolean;
  /** The `number`-th of them, from 1, of a member in this state; without a limit they have no numbers. */
  request(number: number, state: Readonly<T["state"]>): T["request"];
}

/** One thing that comes of itself, of time say: whenever it may come, it is explored that it does. */
export interface Alarm<T extends Terms> {
  readonly budget: Budget;
  mayRing(state: Readonly<T["state"]>): boolean;
  /** Sets the clocks of a core so that the time has come, and lets it take a tick, or what else is due then. */
  ring(core: Core<T, T["state"]>, take: (input: Input<T>) => void): void;
  /** What happens to a member, in a few words. */
  words(id: NodeId): string;
}

/** What must come about in the end, from every world, once nothing fails any more. */
export interface Rest<T extends Terms> {
  /** Ring in each round, in turn, at whom they may, until nothing comes of it any more. */
  readonly alarms: readonly Pick<Alarm<T>, "mayRing" | "ring" | "words">[];
  /** What of a state can matter for that: not what only messages on their way are compared with. */
  essence(state: Readonly<T["state"]>): unknown;
  /** Whether nothing is promised any more to members like these. */
  isLost(members: readonly Standing<T>[]): boolean;
  /** Whether this may be said in every round for ever. */
  isSignOfLife(message: T["message"]): boolean;
  /** Throws `InvariantViolation` when something is missing in a world that is at rest. */
  check(members: readonly Standing<T>[], history: T["history"]): void;
}

/**
 * A protocol as exhaustive exploration needs it: how to start, copy and compare its members, and what must hold.
 *
 * Ids occur as whole strings only. In a `Set` or `Map` order has no meaning.
 */
export interface Explorable<T extends Terms> {
  readonly ids: readonly NodeId[];
  /** Those that nothing but their ids tells apart. */
  readonly interchangeable: readonly NodeId[];
  /** Rings at the first member before exploration begins, and all that comes of it is done. */
  readonly opening: Alarm<T> | undefined;
  /** A core that starts from what its disk holds, for the `life`-th time (from 1). */
  start(id: NodeId, records: readonly T["record"][], life: number): Core<T, T["state"]>;
  /** A core that goes on from a state, which it owns from now on. */
  resume(state: T["state"]): Core<T, T["state"]>;
  /** Sets back clocks and chance after a step: time passes in the steps made for it, and in no others. */
  calm(state: T["state"]): void;
  /** All of a state that can matter later, but its life; counts of records are relative to those durable. */
  essence(state: Readonly<T["state"]>): unknown;
  /**
   * Whether nothing can come of `message` at a member in this state, if nothing does now: as long as it lives, and
   * after a restart, if it may have one.
   */
  isSpent(message: T["message"], state: Readonly<T["state"]>, mayRestart: boolean): boolean;
  /**
   * Whether nothing can come of `message` but answers to its sender of which nothing can come there, if that is so
   * now: as long as both live. Absent where no message is like that.
   */
  isEcho?(message: T["message"], receiver: Readonly<T["state"]>, sender: Readonly<T["state"]>): boolean;
  readonly alarms: readonly Alarm<T>[];
  readonly questions: readonly Question<T>[];
  /** What a step tells the history; nothing for most. Throws `InvariantViolation` when that breaks a promise alone. */
  facts(moment: Moment<T>): readonly T["fact"][];
  readonly firstHistory: T["history"];
  /** The history with these facts too; throws `InvariantViolation` when they contradict it. */
  remember(history: T["history"], facts: readonly T["fact"][]): T["history"];
  /** Throws `InvariantViolation` when members (in the order of `ids`) and history break a promise. */
  check(members: readonly Standing<T>[], history: T["history"]): void;
  /** Absent where no more is explored than what happens. */
  readonly rest?: Rest<T>;
  /** Each in a few words. */
  readonly words: {
    message(message: T["message"]): string;
    request(request: T["request"]): string;
    record(record: T["record"]): string;
    state(state: Readonly<T["state"]>): string;
    /** Nothing for what the state tells. */
    output(output: T["output"]): string | undefined;
  };
}

/** What an exploration is limited to, besides what the protocol counts. Within these it leaves out nothing. */
export interface Bounds {
  /** Steps from the start. */
  readonly steps: number;
  /** Different states, of which each costs 16 to 32 bytes, and one that waits to be explored about 100. */
  readonly states: number;
  /** Crashes, each followed by a restart. At most 15, as all that follow. */
  readonly crashes: number;
  /** Messages delivered twice. */
  readonly duplicates: number;
  /** Messages lost. Without meaning in `any` order: there a message may always stay on its way for ever. */
  readonly losses: number;
  /** `any`: a message may overtake any other. `sent`: a link delivers in order, as a stream does. */
  readonly order: "any" | "sent";
  /** `late`: a record becomes durable at any later time. `fast`: before anything else happens, but a crash. */
  readonly disk: "late" | "fast";
  /** Whether worlds that differ only in the names of interchangeable members count as one. */
  readonly symmetry: boolean;
}
