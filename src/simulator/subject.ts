import type { Random } from "../base/random.ts";
import type { Vocabulary } from "../protocols/core.ts";
import type { Cluster } from "./cluster.ts";
import type { Action, MemberPlan, Plan, PlannedCall } from "./plans/plan.ts";
import type { Trace } from "./trace.ts";

/** One group under simulation. */
export interface Group {
  readonly cluster: Cluster<Vocabulary, unknown>;
  /** A client makes its call; `done` once it has its answer or has given up. */
  call(planned: PlannedCall, done: () => void): void;
  /** Carries out an action that only this protocol knows. */
  act(name: string, id: string, action: Action): void;
  /** Whether the group can go on if all that this member has is lost. Default: as long as a majority is sound. */
  canSpare?(id: string): boolean;
  /** The first phase is over: nobody gives up any more. */
  calm(): void;
  /** Why the group is not at rest yet; `undefined` when every member that lives agrees and nobody waits. */
  unrest(): string | undefined;
  /** The last word: throws when what was answered cannot have been. */
  judge(): void;
  counts(): Readonly<Record<string, number>>;
}

/** What is simulated: a protocol with an owner, clients and invariants. */
export interface Subject {
  readonly name: string;
  /** Names of `act` faults it knows. */
  readonly acts: readonly string[];
  drawOptions(random: Random): MemberPlan["options"];
  drawCalls(random: Random, count: number, clients: number): readonly PlannedCall[];
  /** Gives a plan what only this protocol has, and takes from it what that rules out. */
  adapt?(random: Random, plan: Plan): Plan;
  open(plan: Plan, trace: Trace): Group;
}
