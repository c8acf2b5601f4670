/** How hostile the world is by itself, all through the first phase of a run. Times are ms, shares per mille. */
export interface World {
  /** Shape of the delays: each message takes `delayMs[0]` and a part of the rest. */
  readonly delays: "even" | "bell" | "tail";
  readonly delayMs: readonly [least: number, most: number];
  readonly loss: number;
  readonly repeat: number;
  /** Messages of one link arrive in order, as over TCP. */
  readonly isOrdered: boolean;
  readonly diskMs: readonly [least: number, most: number];
  /** Share of reads of storage that are never answered. */
  readonly lostReads: number;
  /** What arrives within up to this time shares a step; 0: every input is a step of its own, at once. */
  readonly batchMs: number;
  /** When the ends of a broken or new link are told; and the share of them that never are. */
  readonly hintMs: readonly [least: number, most: number];
  readonly lostHints: number;
}

/** One member: how fast its time goes, and the options of its core. */
export interface MemberPlan {
  readonly id: string;
  /** How long its ticks last. */
  readonly tickMs: number;
  /** How fast its clock goes: 1000 is right. */
  readonly clock: number;
  /** Limits and timing, as the protocol's core takes them. */
  readonly options: Readonly<Record<string, number | boolean | string>>;
}

/** Who is meant: a member's name, or a role as it is when the action comes. */
export type Target = "leader" | "follower" | "any" | (string & {});

/** What can be done to a group. Each ends by itself `lastsMs` later, if it can end. */
export type Fault =
  /** `hint`: the others see its links break. */
  | { readonly kind: "crash"; readonly hint: boolean }
  /** All at once. */
  | { readonly kind: "powerCut" }
  | { readonly kind: "pause" }
  /** Its clock leaps ahead. */
  | { readonly kind: "jump"; readonly ms: number }
  | { readonly kind: "isolate"; readonly hint: boolean }
  /** The target and as many others as `count` says are cut from the rest. */
  | { readonly kind: "split"; readonly count: number }
  /** The target hears nobody, or nobody hears it. */
  | { readonly kind: "deaf" }
  | { readonly kind: "mute" }
  /** The two halves meet in the target alone. */
  | { readonly kind: "bridge" }
  /** Each is linked with the next one only. */
  | { readonly kind: "chain" }
  /** One link of the target, one way or both. */
  | { readonly kind: "cut"; readonly oneWay: boolean }
  /** The target's links come and go. */
  | { readonly kind: "flap"; readonly everyMs: number }
  /** The target's links take longer. */
  | { readonly kind: "slow"; readonly ms: number }
  /** A random subset holds back all it is sent, one member after the other, and lets go in another order. */
  | { readonly kind: "clog"; readonly count: number }
  | { readonly kind: "slowDisk"; readonly ms: number }
  | { readonly kind: "stuckDisk" }
  | { readonly kind: "fullDisk" }
  /** A bit of what is stored flips. */
  | { readonly kind: "flip" }
  /** It is told that a link broke or came, which is not so. */
  | { readonly kind: "falseHint"; readonly up: boolean }
  /** It starts anew with other limits. */
  | { readonly kind: "restart"; readonly options: Readonly<Record<string, number | boolean | string>> }
  /** What only one protocol knows: the subject says what `name` does. */
  | { readonly kind: "act"; readonly name: string };

/** A fault, whom it strikes, and when. */
export interface Action {
  readonly atMs: number;
  readonly lastsMs: number;
  readonly target: Target;
  /** Decides wherever several would do. */
  readonly pick: number;
  readonly fault: Fault;
}

/** One call of one client; a client's calls follow one another. */
export interface PlannedCall {
  readonly client: number;
  /** How long the client waits before it. */
  readonly afterMs: number;
  readonly call: unknown;
}

/** All that a run is, drawn ahead of time: plain data, so that it can be stored, shrunk and run again. */
export interface Plan {
  /** Decides what is left to chance in the run: delays, losses, elections. */
  readonly seed: number;
  readonly members: readonly MemberPlan[];
  readonly world: World;
  readonly actions: readonly Action[];
  readonly calls: readonly PlannedCall[];
  /** The first phase, under fire. */
  readonly fireMs: number;
  /** The second: within so many ticks of 20 ms all must be well again. */
  readonly calmTicks: number;
}

/** Why a run failed. */
export interface Failure {
  /** What must hold, and did not. */
  readonly claim: string;
  readonly atMs: number;
  /** What shows it, in lines; absent when the claim says all. */
  readonly details?: string;
  /** One line: what was done to whom before. */
  readonly story: string;
  readonly plan: Plan;
}

/** What came of a run. */
export interface Outcome {
  /** 16 hex digits over all that happened. */
  readonly digest: string;
  readonly simulatedMs: number;
  /** What was done and what came of it, by name: steps, messages, each fault, answers, checks. */
  readonly counts: Readonly<Record<string, number>>;
  readonly failure?: Failure;
}
