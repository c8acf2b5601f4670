import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { NodeId } from "../../base/ids.ts";
import { GrpcClient } from "../../runtime/grpc/client.ts";
import { GrpcError, grpcStatus } from "../../runtime/grpc/status.ts";
import { Credentials, type MemberTls } from "../../runtime/tls/credentials.ts";
import { dialOptions } from "../../runtime/tls/identity.ts";
import { type Address, formatAddress } from "../../runtime/transports/addresses.ts";
import type { Notice } from "../../runtime/transports/notices.ts";
import { orderMethod, type Update } from "./ordering.ts";

/** A server of the service. */
export interface OrderingPlace extends Address {
  readonly id: NodeId;
}

/** Whom to ask, and how. */
export interface OrderingClientOptions {
  /** At least one. */
  readonly servers: readonly OrderingPlace[];
  /** Shows a certificate, and demands that of the server that was meant. */
  readonly tls?: MemberTls | undefined;
  /** Told of servers that come and go, and of updates that are sent once more. */
  readonly notice: Notice;
  /** Longest wait for an update's number, in ms. */
  readonly timeoutMs: number;
  /** 0 to below 1: which server is asked. Default `Math.random`. */
  readonly random?: () => number;
}

/** What became of an update. */
export type Ordering =
  | { readonly kind: "ordered"; readonly seq: number }
  /** It was never sent: no server was reached in time. */
  | { readonly kind: "unsent" }
  /** It may be ordered, now or later: nobody said so in time. */
  | { readonly kind: "unknown" };

/** Time for a server to have an update ordered, in ms (the paper's Update_Timer); then another one is asked. */
const updateTimerMs = 5000;
const redialMs = 500;
const retryMs = 100;

/** Has updates ordered, one after the other, each by a server drawn at random among those that can be reached. */
export class OrderingClient {
  readonly #links: readonly Link[];
  readonly #options: OrderingClientOptions;
  readonly #name = randomUUID();
  readonly #credentials: Credentials | undefined;
  #timestamp = 0;
  #avoided: Link | undefined;

  /** Dials all servers, and goes on doing so. Throws `OptionError` for certificates of no use. */
  constructor(options: OrderingClientOptions) {
    const { servers, tls, notice } = options;
    this.#options = options;
    this.#credentials = tls && new Credentials("tls", tls, notice);
    this.#links = servers.map((place) => new Link(place, this.#credentials, notice));
  }

  /**
   * Resolves once the update is ordered, or time is up. Ordered once, however often it had to be sent.
   *
   * Rejects with a `GrpcError` when a server refuses the update for good.
   */
  async order(text: string): Promise<Ordering> {
    const update = { client: this.#name, timestamp: ++this.#timestamp, text };
    const end = performance.now() + this.#options.timeoutMs;
    let isSent = false;
    for (let left = this.#options.timeoutMs; left > 0; left = end - performance.now()) {
      const link = this.#draw();
      if (link === undefined) {
        await pause(Math.min(left, retryMs));
        continue;
      }
      isSent = true;
      const seq = await this.#ask(link, update, Math.min(left, updateTimerMs));
      if (seq !== undefined) return { kind: "ordered", seq };
      await pause(retryMs);
    }
    return { kind: isSent ? "unknown" : "unsent" };
  }

  async close(): Promise<void> {
    this.#credentials?.close();
    await Promise.all(this.#links.map((link) => link.close()));
  }

  /** One that can be reached; not the one that has just failed, if there is another. */
  #draw(): Link | undefined {
    const up = this.#links.filter(({ isUp }) => isUp);
    const others = up.filter((link) => link !== this.#avoided);
    const choice = others.length > 0 ? others : up;
    const { random = Math.random } = this.#options;
    return choice[Math.floor(random() * choice.length)];
  }

  async #ask(link: Link, update: Update, timeoutMs: number): Promise<number | undefined> {
    try {
      const seq = await link.order(update, timeoutMs);
      this.#avoided = undefined;
      return seq;
    } catch (error) {
      if (!(error instanceof GrpcError) || !mayHelpElsewhere.has(error.status)) throw error;
      this.#avoided = link;
      this.#options.notice("warn", `server ${link.id} did not order it: ${error.message}; it is sent once more`, {});
      return undefined;
    }
  }
}

const mayHelpElsewhere: ReadonlySet<number> = new Set([
  grpcStatus.cancelled,
  grpcStatus.deadlineExceeded,
  grpcStatus.internal,
  grpcStatus.resourceExhausted,
  grpcStatus.unavailable,
  grpcStatus.unknown,
]);

/** A connection to a server, made anew whenever it is lost. */
class Link {
  readonly id: NodeId;
  readonly #place: OrderingPlace;
  readonly #credentials: Credentials | undefined;
  readonly #notice: Notice;
  readonly #closing = new AbortController();
  readonly #closed: Promise<void>;
  #client: GrpcClient | undefined;
  #isUp = false;
  #isLostTold = false;

  constructor(place: OrderingPlace, credentials: Credentials | undefined, notice: Notice) {
    this.id = place.id;
    this.#place = place;
    this.#credentials = credentials;
    this.#notice = notice;
    this.#closed = this.#keep();
  }

  get isUp(): boolean {
    return this.#isUp && this.#client?.isOpen === true;
  }

  async order(update: Update, timeoutMs: number): Promise<number> {
    if (this.#client === undefined) throw new GrpcError(grpcStatus.unavailable, "it is not connected");
    return await this.#client.unary(orderMethod, update, { timeoutMs });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#client?.destroy();
    await this.#closed;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#dial();
      await pause(redialMs, undefined, { signal }).catch(() => {}); // closed
    }
  }

  /** Until the connection is lost. */
  async #dial(): Promise<void> {
    const { id, host, port } = this.#place;
    const where = `server ${id} at ${formatAddress(this.#place)}`;
    const tls = this.#credentials && dialOptions(this.#credentials, id);
    this.#client = new GrpcClient({ host, port, tls, keepaliveMs: 1000, keepaliveTimeoutMs: 2000 });
    this.#isUp = await this.#client.reached;
    if (this.#isUp) this.#notice("info", `connected to ${where}`, {});
    const problem = await this.#client.closed;
    if (this.#closing.signal.aborted) return;
    const text = this.#isUp ? "lost" : "cannot reach";
    if (this.#isUp || !this.#isLostTold) {
      this.#notice("warn", `${text} ${where}: ${problem ?? "it closed the connection"}`, {});
    }
    this.#isLostTold = true;
    this.#isUp = false;
  }
}
