import type { Bytes } from "../../../base/bytes.ts";
import type { Call } from "../../grpc/server-call.ts";
import { GrpcError, grpcStatus } from "../../grpc/status.ts";
import type { Channel, ChannelEvents, ChannelLimits } from "../links/channel.ts";
import type { Greeting } from "../links/handshake.ts";
import { greetingKey, refusalKey } from "./dialled-channel.ts";
import { encodeIdentity, encodeRefusal } from "./greeting-codec.ts";

/** A channel as the called end sees it: one call, on which it mostly listens. What it sends back is the iteration. */
export class AcceptedChannel implements Channel, AsyncIterableIterator<Bytes> {
  readonly connecting = false;
  readonly #call: Call;
  readonly #limits: ChannelLimits;
  readonly #events: ChannelEvents;
  #state: "judging" | "open" | "closed" = "judging";
  #queue: Bytes[] = [];
  #bytesQueued = 0;
  #ending: GrpcError | undefined;
  #wake: () => void = () => {};

  constructor(call: Call, limits: ChannelLimits, events: ChannelEvents) {
    this.#call = call;
    this.#limits = limits;
    this.#events = events;
  }

  get bytesQueued(): number {
    return this.#bytesQueued;
  }

  /** Says who called, and then what it says. */
  async listen(hello: Greeting, requests: AsyncIterableIterator<Bytes>): Promise<void> {
    this.#events.greeted(hello);
    try {
      for await (const body of requests) {
        if (this.#state !== "open") return this.destroy("spoke before it was answered", true);
        this.#events.message(body);
      }
      this.destroy("closed by the other end");
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      const isGone = error.status === grpcStatus.cancelled;
      this.destroy(isGone ? "closed by the other end" : error.message, !isGone);
    }
  }

  greet(greeting: Greeting): void {
    this.#call.sendMetadata({ [greetingKey]: encodeIdentity(greeting) });
  }

  open(): void {
    if (this.#state === "judging") this.#state = "open";
  }

  refuse(greeting: Greeting): void {
    if (greeting.kind !== "refusal") return;
    const isUnknown = greeting.mismatch === "certificate" || greeting.mismatch === "tls";
    const status = isUnknown ? grpcStatus.unauthenticated : grpcStatus.failedPrecondition;
    this.#end(new GrpcError(status, greeting.text, { [refusalKey]: encodeRefusal(greeting) }), "refused", false);
  }

  send(body: Bytes): boolean {
    if (this.#state !== "open" || this.#bytesQueued + body.length > this.#limits.queueBytesMax) return false;
    this.#queue.push(body);
    this.#bytesQueued += body.length;
    this.#wake();
    return true;
  }

  ping(): void {
    // the end that dials does
  }

  beat(): void {
    // the server asks silent connections for a sign of life
  }

  destroy(problem: string, misbehaved = false): void {
    this.#end(new GrpcError(grpcStatus.aborted, problem), problem, misbehaved);
  }

  async finish(): Promise<void> {
    this.destroy("finished");
  }

  async next(): Promise<IteratorResult<Bytes>> {
    while (this.#queue.length === 0) {
      if (this.#ending !== undefined) throw this.#ending;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#queue.shift() as Bytes;
    this.#bytesQueued -= value.length;
    return { done: false, value };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(ending: GrpcError, problem: string, misbehaved: boolean): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#ending = ending;
    this.#wake();
    this.#events.closed(problem, misbehaved);
  }
}
