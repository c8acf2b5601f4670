import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { OperatingError } from "../base/errors.ts";
import { Answer } from "./answer.ts";
import { Calls, type RpcOptions } from "./calls.ts";
import { MaelstromError } from "./errors.ts";
import { LineCutter } from "./lines.ts";
import { type Body, type Message, parseMessage } from "./messages.ts";
import { KeyValueStore, TimestampOracle } from "./services.ts";
import { Timers } from "./timers.ts";
import {
  checkRequest,
  type Lifecycle,
  type Nothing,
  type Rpc,
  type Topology,
  type WorkloadName,
  type Workloads,
} from "./workloads.ts";

/** How to make a node; all of it has a default. */
export interface MaelstromNodeOptions<Name extends WorkloadName> {
  /** Types the handlers of this workload's requests, and has malformed ones refused. */
  readonly workload?: Name;
  /** Longest line that is read, in bytes; longer ones are skipped and reported. Default 16 MiB. */
  readonly lineBytesMax?: number;
  /** Default: the process's own. */
  readonly input?: Readable;
  readonly output?: Writable;
  readonly log?: Writable;
}

/** A request as a handler gets it besides the body. */
export interface Received {
  readonly from: string;
  readonly body: Body;
  /** Answers at once, where what the handler returns would come too late; once. */
  reply(fields: object): void;
}

/** Handles a request. What it returns are the fields of the answer; with nothing returned there is no answer. */
export type Handler<Request extends object, Reply extends object> = (
  body: Request & Body,
  request: Received,
) => Reply | undefined | Promise<Reply | undefined> | void | Promise<void>;

type Words<Name extends WorkloadName> = Lifecycle & ([Name] extends [never] ? Nothing : Workloads[Name]);
type HandlerOf<Asked> = Asked extends Rpc<infer Request, infer Reply> ? Handler<Request, Reply> : never;

const lineBytesMaxDefault = 16 * 2 ** 20;
/** Messages that wait for `init` at the most; further ones are dropped, as on any network. */
const heldMax = 1024;
/** Requests under way at the most; further ones are refused as `temporarily-unavailable`. */
const runningMax = 16_384;
/** What may wait for a reader of stdout at the most; further messages are dropped. */
const outputBytesMax = 64 * 2 ** 20;

/**
 * A node of a distributed system under Maelstrom: JSON messages, one a line, on stdin and stdout.
 *
 * Handlers run side by side, and none holds up the reading of messages. Nothing is answered before `init`.
 */
export class MaelstromNode<Name extends WorkloadName = never> {
  readonly #workload: Name | undefined;
  readonly #lineBytesMax: number;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #log: Writable;
  readonly #handlers = new Map<string, Handler<object, object>>();
  readonly #calls = new Calls();
  readonly #timers = new Timers((error) => this.log(describe(error)));
  readonly #running = new Set<Promise<void>>();
  #id: string | undefined;
  #nodeIds: readonly string[] = [];
  #topology: Topology | undefined;
  /** What came before the node was initialised; `undefined` once it is. */
  #held: Message[] | undefined = [];
  #messageCount = 0;
  #isOutputFull = false;

  constructor(options: MaelstromNodeOptions<Name> = {}) {
    this.#workload = options.workload;
    this.#lineBytesMax = options.lineBytesMax ?? lineBytesMaxDefault;
    this.#input = options.input ?? process.stdin;
    this.#output = options.output ?? process.stdout;
    this.#log = options.log ?? process.stderr;
  }

  /** This node's name. Throws before `init`. */
  get id(): string {
    if (this.#id === undefined) throw new Error("a node has no name before init");
    return this.#id;
  }

  /** All nodes, this one included, in the same order everywhere. */
  get nodeIds(): readonly string[] {
    return this.#nodeIds;
  }

  /** All other nodes. */
  get peers(): readonly string[] {
    return this.#nodeIds.filter((id) => id !== this.#id);
  }

  /** Who is next to whom, once the harness has said so. */
  get topology(): Topology | undefined {
    return this.#topology;
  }

  /** Whom the topology puts next to this node; without one all others. */
  get neighbours(): readonly string[] {
    return this.#topology === undefined ? this.peers : (this.#topology[this.id] ?? []);
  }

  /** Has requests of a type handled; the answer's type is `<type>_ok`. A failure is answered as an error. */
  on<Type extends keyof Words<Name> & string>(type: Type, handler: HandlerOf<Words<Name>[Type]>): this;
  /** The same for words of your own, between nodes; what they hold is for the handler to check. */
  on<Type extends string, Request extends object = Body>(
    type: Type extends keyof Words<Name> ? never : Type,
    handler: Handler<Request, object>,
  ): this;
  on(type: string, handler: unknown): this {
    if (this.#handlers.has(type)) throw new Error(`there is a handler for ${type} already`);
    this.#handlers.set(type, handler as Handler<object, object>);
    return this;
  }

  /** Sends what wants no answer. The network may lose it. */
  send(to: string, body: Body): void {
    this.#write(JSON.stringify({ src: this.id, dest: to, body }));
  }

  /** Asks another node, or a service, and resolves with the answer's body. Rejects with a `MaelstromError`. */
  async rpc(to: string, body: Body, options: RpcOptions = {}): Promise<Body> {
    const id = ++this.#messageCount;
    const line = JSON.stringify({ src: this.id, dest: to, body: { ...body, msg_id: id } });
    return await this.#calls.make(id, () => this.#write(line), options);
  }

  /** Does something every `ms`, from `init` on, never twice at once; returns the call that ends it. */
  every(ms: number, action: () => void | Promise<void>): () => void {
    return this.#timers.every(ms, action);
  }

  /** Does something once, `ms` from now or from `init` on; returns the call that prevents it. */
  after(ms: number, action: () => void | Promise<void>): () => void {
    return this.#timers.after(ms, action);
  }

  /** One of Maelstrom's key-value services. */
  kv(service: "seq-kv" | "lin-kv" | "lww-kv"): KeyValueStore {
    return new KeyValueStore(service, (to, body, options) => this.rpc(to, body, options));
  }

  /** Maelstrom's source of rising timestamps. */
  timestamps(): TimestampOracle {
    return new TimestampOracle((to, body, options) => this.rpc(to, body, options));
  }

  /** Writes to stderr, which Maelstrom keeps for each node. */
  log(text: string): void {
    this.#log.write(`${text}\n`);
  }

  /** Serves until stdin ends and what was begun is done. Rejects when stdin or stdout fails. */
  async run(): Promise<void> {
    const failures: NodeJS.ErrnoException[] = [];
    this.#output.once("error", (error) => {
      failures.push(error);
      this.#input.destroy();
    });
    try {
      await this.#readAll();
    } catch (error) {
      failures.push(error as Error);
    }
    this.#timers.close();
    this.#calls.close();
    await Promise.all(this.#running);
    const [failure] = failures;
    if (failure === undefined) await new Promise((resolve) => this.#output.write("", resolve));
    else if (failure.code !== "EPIPE") throw failure; // a reader of stdout may leave at any time
  }

  async #readAll(): Promise<void> {
    const lines = new LineCutter(this.#lineBytesMax, {
      line: (text) => this.#read(text),
      tooLong: (bytes) => this.log(`skipped a line of ${bytes} bytes; the limit is ${this.#lineBytesMax}`),
    });
    for await (const chunk of this.#input) {
      lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      if (this.#output.writableNeedDrain) await once(this.#output, "drain"); // who does not listen is not asked
    }
    lines.end();
  }

  #read(line: string): void {
    try {
      this.#take(parseMessage(line));
    } catch (error) {
      this.log(describe(error));
    }
  }

  #take(message: Message): void {
    const { src, dest, body } = message;
    if (body.type === "init" && this.#id === undefined) {
      this.#handle(message);
    } else if (body.in_reply_to !== undefined && dest === this.#id) {
      this.#calls.settle(body); // also before init is answered: its handler may ask
    } else if (this.#held !== undefined) {
      if (this.#held.length < heldMax) this.#held.push(message);
      else this.log(`dropped ${body.type} of ${src}: ${heldMax} messages wait for init already`);
    } else if (dest !== this.#id) {
      this.log(`skipped ${body.type} of ${src}: it is for ${dest}`);
    } else this.#handle(message);
  }

  #handle(message: Message): void {
    const { src, dest } = message;
    const answer = new Answer(message, (body) => this.#write(JSON.stringify({ src: dest, dest: src, body })));
    if (this.#running.size >= runningMax) {
      answer.fail(new MaelstromError("temporarily-unavailable", `${runningMax} requests are under way here`));
      return;
    }
    const handled = this.#answer(message, answer).finally(() => this.#running.delete(handled));
    this.#running.add(handled);
  }

  async #answer({ src, body }: Message, answer: Answer): Promise<void> {
    try {
      checkRequest(this.#workload, body);
      const isOwn = this.#receiveOwn(body);
      const handler = this.#handlers.get(body.type);
      if (handler === undefined && !isOwn) throw new MaelstromError("not-supported", `${body.type} is not known here`);
      const fields = await handler?.(body, { from: src, body, reply: (early) => answer.give(early) });
      if (fields !== undefined || isOwn) answer.give(fields ?? {});
      if (body.type === "init") this.#begin();
    } catch (error) {
      if (!answer.fail(error)) this.log(`${body.type} of ${src} failed: ${describe(error)}`);
    }
  }

  /** What a node keeps by itself, and answers even without a handler. */
  #receiveOwn(body: Body): boolean {
    switch (body.type) {
      case "init":
        this.#name(body.node_id as string, body.node_ids as readonly string[]);
        return true;
      case "topology":
        this.#topology = body.topology as Topology;
        return true;
      default:
        return false;
    }
  }

  #name(id: string, nodeIds: readonly string[]): void {
    if (this.#id !== undefined) throw new MaelstromError("malformed-request", `this node is ${this.#id} already`);
    if (!nodeIds.includes(id)) throw new MaelstromError("malformed-request", "node_id must be one of node_ids");
    this.#id = id;
    this.#nodeIds = nodeIds;
  }

  /** The node is initialised, and has said so: time begins, and what has waited is handled. */
  #begin(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#timers.start();
    for (const message of held) this.#take(message);
  }

  #write(line: string): void {
    const isFull = this.#output.destroyed || this.#output.writableLength > outputBytesMax;
    if (isFull && !this.#isOutputFull) this.log("nobody reads what this node sends: messages are dropped");
    this.#isOutputFull = isFull;
    if (!isFull) this.#output.write(`${line}\n`);
  }
}

function describe(error: unknown): string {
  if (error instanceof OperatingError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
