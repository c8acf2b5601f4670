import type { Http2Stream } from "node:http2";
import type { Bytes, Codec } from "../../base/bytes.ts";
import { MalformedError } from "../../base/errors.ts";
import { MessageReader } from "./frames.ts";
import { GrpcError, grpcStatus } from "./status.ts";

/** Messages that are decoded and not yet taken: beyond it the stream is not read, and the other end's window closes. */
const waitingMax = 16;

/** The messages that come on a stream, in order, no faster than they are taken. One reader at a time. */
export class Inflow<Message> implements AsyncIterableIterator<Message> {
  readonly #stream: Http2Stream;
  readonly #codec: Codec<Message>;
  readonly #reader: MessageReader;
  readonly #spoiled: (error: GrpcError) => void;
  #waiting: Message[] = [];
  #takers: { resolve(result: IteratorResult<Message>): void; reject(error: unknown): void }[] = [];
  #state: "open" | "ended" | "failed" = "open";
  #failure: unknown;

  /** `spoiled` is told when the stream holds what is no message: the rest of it is not read. */
  constructor(stream: Http2Stream, codec: Codec<Message>, bytesMax: number, spoiled: (error: GrpcError) => void) {
    this.#stream = stream;
    this.#codec = codec;
    this.#reader = new MessageReader(bytesMax);
    this.#spoiled = spoiled;
    stream.on("data", (chunk: Bytes) => this.#take(chunk));
  }

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  next(): Promise<IteratorResult<Message>> {
    const [message] = this.#waiting;
    if (this.#waiting.length > 0) {
      this.#waiting.shift();
      if (this.#waiting.length < waitingMax && this.#state === "open") this.#stream.resume();
      return Promise.resolve({ done: false, value: message as Message });
    }
    if (this.#state === "ended") return Promise.resolve({ done: true, value: undefined });
    if (this.#state === "failed") return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** Wants no more: what still comes is read and forgotten, so that it holds nothing up. */
  return(): Promise<IteratorResult<Message>> {
    this.#waiting = [];
    if (this.#state === "open") this.#settle("ended");
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The stream has ended well: nothing more comes, and what is there is still to be taken. */
  close(): void {
    if (this.#reader.isInside) this.#spoil(new GrpcError(grpcStatus.internal, "the stream ends within a message"));
    else if (this.#state === "open") this.#settle("ended");
  }

  /** Nothing more comes; readers that have taken what is there hear `failure`. */
  fail(failure: unknown): void {
    if (this.#state !== "open") return;
    this.#failure = failure;
    this.#settle("failed");
  }

  #take(chunk: Bytes): void {
    if (this.#state !== "open") return;
    this.#reader.push(chunk);
    try {
      for (let bytes = this.#reader.next(); bytes !== undefined; bytes = this.#reader.next()) this.#put(bytes);
    } catch (error) {
      this.#spoil(error);
    }
  }

  #put(bytes: Bytes): void {
    const value = this.#codec.decode(bytes);
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.resolve({ done: false, value });
    else if (this.#waiting.push(value) >= waitingMax) this.#stream.pause();
  }

  #spoil(cause: unknown): void {
    if (!(cause instanceof GrpcError) && !(cause instanceof MalformedError)) throw cause;
    const error = cause instanceof GrpcError ? cause : new GrpcError(grpcStatus.internal, cause.message, {}, { cause });
    this.fail(error);
    this.#spoiled(error);
  }

  #settle(state: "ended" | "failed"): void {
    this.#state = state;
    this.#stream.resume();
    for (const { resolve, reject } of this.#takers) {
      if (state === "ended") resolve({ done: true, value: undefined });
      else reject(this.#failure);
    }
    this.#takers = [];
  }
}
