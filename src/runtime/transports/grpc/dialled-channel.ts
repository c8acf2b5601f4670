import type { Bytes } from "../../../base/bytes.ts";
import { MalformedError } from "../../../base/errors.ts";
import { GrpcClient, type GrpcClientOptions } from "../../grpc/client.ts";
import type { ClientCall, Ending } from "../../grpc/client-call.ts";
import type { Method } from "../../grpc/method.ts";
import { grpcStatus, type Metadata } from "../../grpc/status.ts";
import type { Channel, ChannelEvents, ChannelLimits } from "../links/channel.ts";
import type { Greeting } from "../links/handshake.ts";
import { decodeIdentity, decodeRefusal, encodeIdentity } from "./greeting-codec.ts";

/** The method on whose calls members send their messages. */
export type MessagesMethod = Method<"bidirectional", Bytes, Bytes>;

/** Where each end says who it is: see proto/quorate/members/v1/members.proto. */
export const greetingKey = "quorate-greeting-bin";
/** Where a refusal says why. */
export const refusalKey = "quorate-refusal-bin";

/** Time for the last bytes to leave when a channel ends in peace. */
const finishMs = 500;

/** A channel as the end that dialled it sees it: a connection of its own, and one call on it. */
export class DialledChannel implements Channel {
  readonly #limits: ChannelLimits;
  readonly #events: ChannelEvents;
  readonly #client: GrpcClient;
  readonly #call: ClientCall<Bytes, Bytes>;
  readonly #cancelHandshake: () => void;
  #state: "greeting" | "judging" | "open" | "closed" = "greeting";
  #pingsOpen = 0;
  #heard = false;
  #silentBeats = 0;

  constructor(
    options: GrpcClientOptions,
    method: MessagesMethod,
    hello: Greeting,
    limits: ChannelLimits,
    events: ChannelEvents,
  ) {
    this.#limits = limits;
    this.#events = events;
    this.#client = new GrpcClient(options);
    this.#call = this.#client.start(method, { metadata: { [greetingKey]: encodeIdentity(hello) } });
    const late = (): void => this.destroy(`no handshake within ${limits.handshakeMs} ms`, true);
    this.#cancelHandshake = limits.timers.after(limits.handshakeMs, late);
    void this.#call.head.then((head) => this.#readHead(head));
    void this.#call.ending.then((ending) => this.#readEnding(ending));
    void this.#client.closed.then((problem) => this.destroy(problem ?? "closed by the other end"));
  }

  get connecting(): boolean {
    return !this.#client.isConnected;
  }

  get bytesQueued(): number {
    return this.#call.bytesQueued;
  }

  greet(): void {
    // the end that dials has greeted with its call
  }

  open(): void {
    if (this.#state !== "judging") return;
    this.#state = "open";
    this.#cancelHandshake();
    void this.#readMessages();
  }

  refuse(): void {
    this.destroy("refused");
  }

  send(body: Bytes): boolean {
    if (this.#state !== "open" || this.bytesQueued + body.length > this.#limits.queueBytesMax) return false;
    this.#call.send(body);
    return true;
  }

  ping(): void {
    if (this.#state !== "open") return;
    this.#pingsOpen++;
    this.#client.ping(() => {
      this.#heard = true;
      this.#pingsOpen--;
      if (this.#pingsOpen === 0 && this.#state === "open") this.#events.answered();
    });
  }

  beat(): void {
    this.#silentBeats = this.#heard ? 0 : this.#silentBeats + 1;
    this.#heard = false;
    if (this.#silentBeats >= this.#limits.silentBeatsMax) this.destroy("silent for too long");
  }

  destroy(problem: string, misbehaved = false): void {
    this.#close(problem, misbehaved);
    this.#client.destroy();
  }

  async finish(): Promise<void> {
    this.#call.end();
    this.#close("finished", false);
    const cancel = this.#limits.timers.after(finishMs, () => this.#client.destroy());
    await this.#call.ending;
    this.#client.destroy();
    await this.#client.closed;
    cancel();
  }

  #close(problem: string, misbehaved: boolean): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelHandshake();
    this.#events.closed(problem, misbehaved);
  }

  #readHead(head: Metadata): void {
    const bytes = head[greetingKey];
    if (this.#state !== "greeting" || !(bytes instanceof Uint8Array)) return; // the ending says what is wrong
    this.#heard = true;
    this.#state = "judging";
    this.#parse(() => this.#events.greeted({ kind: "welcome", ...decodeIdentity(bytes) }));
  }

  async #readMessages(): Promise<void> {
    try {
      for await (const body of this.#call.responses) {
        this.#heard = true;
        if (this.#state === "open") this.#events.message(body);
      }
    } catch {
      // the ending says the same
    }
  }

  #readEnding({ status, message, trailers }: Ending): void {
    const refusal = trailers[refusalKey];
    if (this.#state === "greeting" && refusal instanceof Uint8Array) {
      this.#parse(() => {
        const { mismatch, text } = decodeRefusal(refusal);
        this.destroy(`it refused us (${mismatch}): ${text}`);
      });
    } else if (status === grpcStatus.unimplemented) {
      this.destroy("it runs another protocol, or is no member of a cluster at all");
    } else if (status === grpcStatus.ok) this.destroy("closed by the other end");
    else if (status !== grpcStatus.unavailable) this.destroy(message);
    // what is unavailable is told by the end of the connection
  }

  #parse(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.destroy(error.message, true);
    }
  }
}
