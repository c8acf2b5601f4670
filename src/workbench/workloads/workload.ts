import type { Random } from "../../base/random.ts";
import type { OperationEvent } from "../../checker/operations/event.ts";
import type { Judgement } from "../../checker/operations/judgement.ts";
import type { Body } from "../network/message.ts";
import type { TestOptions } from "../run/options.ts";

/** What a client is to do next, in the words of the history. */
export interface Request {
  readonly f: string;
  readonly value: unknown;
  readonly final?: true;
  readonly seekToBeginning?: true;
}

/** What clients ask for, from a seed. */
export interface Generator {
  /** The next request of a client, told by its thread 0 … concurrency - 1. */
  next(thread: number, process: number): Request;
  /** What came of earlier requests. */
  observe?(event: OperationEvent): void;
  /** Between two of the last requests of a client, in ms. */
  readonly finalPauseMs?: number;
  /** What each client asks for last, one after the other, when all faults are over. */
  final?(thread: number): Iterable<Request>;
}

/** Asks a client's node something and waits for the answer; rejects as the RPC does. */
export type Ask = (body: Body) => Promise<Body>;

/** Carries out the requests of one process. */
export interface Client {
  /** Resolves to the value of the completion. */
  invoke(request: Request, ask: Ask): Promise<unknown>;
}

/** A kind of test: what is asked, in which messages, and what must come of it. */
export interface Workload {
  readonly name: string;
  /** Functions that change nothing: without an answer they have failed, for certain. */
  readonly harmless: readonly string[];
  /** How long a client waits for an answer, in ms. Default 5000. */
  timeoutMs?(options: TestOptions): number;
  /** Told to each node after `init`, once it runs. */
  greeting?(options: TestOptions): Body;
  newGenerator(random: Random, options: TestOptions): Generator;
  newClient(): Client;
  judge(history: readonly OperationEvent[], options: TestOptions): Judgement;
}
