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

/** How clients use one machine. */
export interface WorkloadParts<
  State,
  Command,
  Answer,
  Question,
  Reply,
  Call,
  Request extends Asked<Command, Question>,
> {
  readonly name: string;
  readonly machine: Machine<State, Command, Answer, Question, Reply>;
  /** A call, drawn ahead of the run: plain JSON. `nth` counts the calls of the whole run. */
  readonly draw: (random: Random, nth: number) => Call;
  /** What the call asks now, by what its client has learnt. */
  readonly ask: (call: Call, memory: Memory) => Request;
  /** The client has its answer. */
  readonly learn?: (asked: Request, result: Answer | Reply, memory: Memory) => void;
}

/** What an object may answer that is used by one client at a time; and how its model names what was asked and told. */
export interface Judgement<ModelState, ModelCall, ModelResult, Request, Result> {
  readonly model: Model<ModelState, ModelCall, ModelResult>;
  readonly call: (asked: Request) => ModelCall;
  readonly result: (result: Result) => ModelResult;
}

/** Any workload: its words belong together, as `defineWorkload` has seen to. */
export interface Workload extends Judgement<unknown, unknown, unknown, Asked<unknown, unknown>, unknown> {
  readonly name: string;
  readonly machine: AnyMachine;
  readonly draw: (random: Random, nth: number) => unknown;
  readonly ask: (call: unknown, memory: Memory) => Asked<unknown, unknown>;
  readonly learn?: (asked: Asked<unknown, unknown>, result: unknown, memory: Memory) => void;
}

/** A workload whose parts speak of one machine. */
export function defineWorkload<
  State,
  Command,
  Answer,
  Question,
  Reply,
  Call,
  Request extends Asked<Command, Question>,
  ModelState,
  ModelCall,
  ModelResult,
>(
  parts: WorkloadParts<State, Command, Answer, Question, Reply, Call, Request>,
  judgement: Judgement<ModelState, ModelCall, ModelResult, Request, Answer | Reply>,
): Workload {
  return { ...parts, ...judgement } as unknown as Workload;
}
