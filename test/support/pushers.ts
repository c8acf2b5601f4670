import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { post } from "./stack-client.ts";

/** How long one try may take, in ms: a paused node accepts connections and says nothing. */
const tryMs = 1500;
/** After a refusal, in ms; less than `Retry-After` says, since gaps are what is measured. */
const pauseMs = 10;
/** A push that nobody takes for so long is a failed test, in ms. */
const giveUpMs = 30_000;

/**
 * Clients that push values of their own, each until it is acknowledged, at whatever node, under one key; and one that
 * reads meanwhile and must see all that was acknowledged before.
 */
export class Pushers {
  readonly stack: string;
  /** In the order of their acknowledgements. */
  readonly acknowledged: string[] = [];
  /** How often each answer to a push came, by status; 0 when none came. */
  readonly answers: Record<number, number> = {};
  /** Reads that were answered. */
  readCount = 0;
  readonly #times: number[] = [];
  readonly #delay = monitorEventLoopDelay({ resolution: 5 });
  readonly #urls: readonly string[];
  readonly #padding: string;
  readonly #clients: Promise<unknown>;
  #isOver = false;

  /** Begins at once, `count` clients, spread over the nodes. The stack must exist, and be empty. */
  constructor(urls: readonly string[], stack: string, { count = 8, paddingBytes = 0 } = {}) {
    this.#urls = urls;
    this.stack = stack;
    this.#padding = ".".repeat(paddingBytes);
    this.#delay.enable();
    const pushing = Array.from({ length: count }, (_, client) => this.#push(client));
    this.#clients = Promise.all([...pushing, this.#read()]);
    this.#clients.catch(() => undefined); // told by `more` and `stop`
  }

  /** Resolves once `count` more pushes are acknowledged. */
  async more(count: number): Promise<void> {
    const target = this.acknowledged.length + count;
    while (this.acknowledged.length < target) await Promise.race([sleep(5), this.#failed()]);
  }

  /** Every push that has begun is seen through. Rejects if one could not be, or a read missed one. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#clients;
    this.#delay.disable();
  }

  /** The longest time between two acknowledgements of which the second came after `since`, in ms. */
  longestGapMs(since = 0): number {
    const gaps = this.#times.map((time, at) => (time < since ? 0 : time - (this.#times[at - 1] ?? time)));
    return Math.max(0, ...gaps);
  }

  /** What to print about the whole run. */
  report(what: string): string {
    const gap = this.longestGapMs().toFixed(0);
    const stall = (this.#delay.max / 1e6).toFixed(0);
    const answers = Object.entries(this.answers).map(([status, count]) => `${count} x ${status}`);
    return `${this.acknowledged.length} pushes (answers: ${answers.join(", ")}), ${this.readCount} reads; ${what}; longest gap of all ${gap} ms, longest stall of the clients' own process ${stall} ms`;
  }

  async #failed(): Promise<void> {
    if (!this.#isOver) await this.#clients;
  }

  async #push(client: number): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      const key = `${this.stack}:${client}-${count}`;
      const value = `${key}${this.#padding}`;
      await this.#pushUntilTaken(value, key, client);
      this.acknowledged.push(value);
      this.#times.push(performance.now());
    }
  }

  async #pushUntilTaken(value: string, key: string, first: number): Promise<void> {
    const deadline = performance.now() + giveUpMs;
    for (let attempt = first; performance.now() < deadline; attempt++) {
      const { status, text } = await post(this.#urlOf(attempt), "/sPush", `${this.stack},${value}`, key, tryMs);
      this.answers[status] = (this.answers[status] ?? 0) + 1;
      if (status === 200) return;
      if (![0, 503, 504].includes(status) || text.includes("EXPIRED")) throw new Error(`${key}: ${status} ${text}`);
      await sleep(pauseMs);
    }
    throw new Error(`nobody took ${key} for ${giveUpMs} ms`);
  }

  async #read(): Promise<void> {
    for (let attempt = 0; !this.#isOver; attempt++) {
      const least = this.acknowledged.length;
      const { status, text } = await post(this.#urlOf(attempt), "/sSize", this.stack, undefined, tryMs);
      if (status === 200) this.readCount++;
      if (status === 200 && Number(text) < least) throw new Error(`a read saw ${text} values of ${least}`);
      if (![0, 200, 503].includes(status)) throw new Error(`a read: ${status} ${text}`);
      await sleep(pauseMs);
    }
  }

  #urlOf(attempt: number): string {
    return this.#urls[attempt % this.#urls.length] as string;
  }
}
