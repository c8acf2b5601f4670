import { forkRandom, nextBelow, nextUint32, type Random } from "../../base/random.ts";
import type { OperationEvent } from "../../checker/operations/event.ts";
import type { Network } from "../network/network.ts";
import type { NodeFaults } from "../nodes/node-faults.ts";
import type { Client, Generator, Request, Workload } from "../workloads/workload.ts";
import type { TestOptions } from "./options.ts";
import { RpcClient } from "./rpc.ts";
import { MalformedReplyError, meaningOf, RefusedError, SilenceError } from "./rpc-errors.ts";
import type { Timeline } from "./timeline.ts";

/** What clients work with. */
export interface ClientParts {
  readonly workload: Workload;
  readonly options: TestOptions;
  readonly network: Network;
  readonly timeline: Timeline;
  readonly faults: NodeFaults;
  /** The number of the next client on the network. */
  readonly nextId: () => number;
}

/** One of those that ask at the same time, and whom it is at the moment. */
interface Thread {
  readonly number: number;
  process: number;
  node: string;
  rpc: RpcClient;
  client: Client;
}

interface Outcome {
  readonly type: "ok" | "fail" | "info";
  readonly value: unknown;
  readonly error?: string;
}

/** Requests that are late by less than this are made up for, in ns: timers are coarse. */
const lateNsMax = 20e6;
/** Longest that the last requests of all clients may take, in ms. */
const finalMsMax = 10_000;
const defaultTimeoutMs = 5000;

/** All clients of a test: they ask at random times, and write down what they asked and what they heard. */
export class Clients {
  readonly history: OperationEvent[] = [];
  readonly #parts: ClientParts;
  readonly #generator: Generator;
  readonly #times: Random;
  readonly #choices: Random;
  readonly #timeoutMs: number;
  readonly #idle: Thread[];
  readonly #busy = new Set<Promise<void>>();
  #nextNs = 0;
  /** A request is due, and nobody is free to make it. */
  #isOwing = false;
  #stopped = false;
  askedCount = 0;
  okCount = 0;

  constructor(parts: ClientParts, random: Random) {
    const { workload, options } = parts;
    this.#parts = parts;
    this.#generator = workload.newGenerator(forkRandom(random), options);
    this.#times = forkRandom(random);
    this.#choices = forkRandom(random);
    this.#timeoutMs = workload.timeoutMs?.(options) ?? defaultTimeoutMs;
    this.#idle = Array.from({ length: options.concurrency }, (_, number) => this.#newThread(number));
  }

  /** Begins to ask, at the rate of the options. */
  start(): void {
    if (this.#parts.options.rate === 0) return;
    this.#nextNs = this.#parts.timeline.nowNs();
    this.#plan();
  }

  /** Asks nothing any more; resolves when all that was asked is settled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  /** The last requests of each client, one after the other; until `signal` says that it is enough. */
  async finish(signal: AbortSignal, msMax: number = finalMsMax): Promise<void> {
    const { final, finalPauseMs = 0 } = this.#generator;
    if (final === undefined) return;
    const end = performance.now() + msMax; // no signal: one of a timeout that nothing but `any` holds may be collected
    await Promise.all(
      this.#idle.splice(0).map(async (thread) => {
        for (const request of final(thread.number)) {
          if (signal.aborted || performance.now() > end) break;
          await this.#perform(thread, request);
          if (request.final) await pause(finalPauseMs);
        }
      }),
    );
  }

  #plan(): void {
    const gapNs = (nextUint32(this.#times) / 2 ** 32) * 2 * (1e9 / this.#parts.options.rate);
    this.#nextNs = Math.max(this.#nextNs + gapNs, this.#parts.timeline.nowNs() - lateNsMax);
    this.#parts.timeline.at(Math.floor(this.#nextNs), () => this.#turn());
  }

  #turn(): void {
    if (this.#stopped) return;
    this.#isOwing = this.#idle.length === 0;
    if (this.#isOwing) return;
    const [thread] = this.#idle.splice(nextBelow(this.#choices, this.#idle.length), 1) as [Thread];
    const request = this.#generator.next(thread.number, thread.process);
    const done = this.#perform(thread, request).then(() => {
      this.#busy.delete(done);
      this.#idle.push(thread);
      if (this.#isOwing) this.#turn();
    });
    this.#busy.add(done);
    this.#plan();
  }

  async #perform(thread: Thread, request: Request): Promise<void> {
    const { process, node, client, rpc } = thread;
    const { f, final, seekToBeginning } = request;
    const common = { process, f, node, ...(final && { final }), ...(seekToBeginning && { seekToBeginning }) };
    const write = (event: Pick<OperationEvent, "type" | "value" | "error">): void => {
      this.history.push({ ...common, ...event, timeNs: this.#parts.timeline.nowNs() });
    };
    write({ type: "invoke", value: request.value });
    this.askedCount++;
    const outcome = await client
      .invoke(request, (body) => rpc.ask(node, body, this.#timeoutMs))
      .then(
        (value): Outcome => ({ type: "ok", value }),
        (error) => this.#outcomeOf(error, request, node),
      );
    write(outcome);
    if (outcome.type === "ok") this.okCount++;
    const last = this.history.at(-1);
    if (last !== undefined) this.#generator.observe?.(last);
    if (outcome.type === "info") this.#renew(thread);
  }

  #outcomeOf(error: unknown, { f, value }: Request, node: string): Outcome {
    const isHarmless = this.#parts.workload.harmless.includes(f);
    if (error instanceof RefusedError) {
      const { name, definite } = meaningOf(error.code);
      return { type: definite || isHarmless ? "fail" : "info", value, error: [name, error.message].join(" ").trim() };
    }
    if (error instanceof MalformedReplyError) {
      this.#parts.faults.malformedReply(node, `node ${node}: ${error.message}`);
      return { type: isHarmless ? "fail" : "info", value, error: error.message };
    }
    if (error instanceof SilenceError) return { type: isHarmless ? "fail" : "info", value, error: error.message };
    throw error;
  }

  /** A process that knows not what came of its request ends; its client goes on as another one. */
  #renew(thread: Thread): void {
    thread.rpc.close();
    Object.assign(thread, this.#newThread(thread.number, thread.process + this.#parts.options.concurrency));
  }

  #newThread(number: number, process = number): Thread {
    const { options, network, nextId, workload } = this.#parts;
    const node = options.nodes[process % options.nodes.length] as string;
    return { number, process, node, rpc: new RpcClient(network, `c${nextId()}`), client: workload.newClient() };
  }
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
