import type { Random } from "../../base/random.ts";
import type { Model } from "../../checker/model.ts";
import type { Machine } from "../../machines/machine.ts";
import type { AnyMachine } from "../replicated/machine.ts";

/** What is asked of a machine: a command goes through the log, a question is answered after a read barrier. */
export type Asked<Command, Question> =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "question"; readonly question: Question };

/** What one client has learnt so far, by any name: plain, and its workload's business. */
export type Memory = Map<string, unknown>;

/** Clients of one machine: what they ask, and what they may be answered. */
export interface WorkloadDefinition<State, Command, Answer, Question, Reply, Call, ModelState> {
  readonly name: string;
  readonly machine: Machine<State, Command, Answer, Question, Reply>;
  /** A call, drawn ahead of the run: plain JSON. `nth` counts the calls of the whole run. */
  readonly draw: (random: Random, nth: number) => Call;
  /** What the call asks now, by what its client has learnt. */
  readonly ask: (call: Call, memory: Memory) => Asked<Command, Question>;
  /** The client has its answer. */
  readonly learn?: (asked: Asked<Command, Question>, result: Answer | Reply, memory: Memory) => void;
  /** What an object may answer that is used by one client at a time. */
  readonly model: Model<ModelState, Asked<Command, Question>, Answer | Reply>;
}

/** Any workload: its words belong together, as `defineWorkload` has seen to. */
export interface Workload {
  readonly name: string;
  readonly machine: AnyMachine;
  readonly draw: (random: Random, nth: number) => unknown;
  readonly ask: (call: unknown, memory: Memory) => Asked<unknown, unknown>;
  readonly learn?: (asked: Asked<unknown, unknown>, result: unknown, memory: Memory) => void;
  readonly model: Model<unknown, Asked<unknown, unknown>, unknown>;
}

/** A workload whose parts speak of one machine. */
export function defineWorkload<State, Command, Answer, Question, Reply, Call, ModelState>(
  definition: WorkloadDefinition<State, Command, Answer, Question, Reply, Call, ModelState>,
): Workload {
  return definition as unknown as Workload;
}
