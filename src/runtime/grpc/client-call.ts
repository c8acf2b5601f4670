import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2";
import type { Codec } from "../../base/bytes.ts";
import { corkForTurn, frameOf } from "./frames.ts";
import { readMetadata } from "./heads.ts";
import { Inflow } from "./inflow.ts";
import type { Method, MethodKind } from "./method.ts";
import {
  decodeMessage,
  GrpcError,
  type GrpcStatus,
  grpcStatus,
  type Metadata,
  readStatus,
  statusOfHttp,
  statusOfReset,
} from "./status.ts";

/** How to call. */
export interface CallOptions {
  readonly metadata?: Metadata;
  /** Longest wait for the end of the call, in ms; the server is told, too. Default: for ever. */
  readonly timeoutMs?: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** How a call ended. */
export interface Ending {
  readonly status: GrpcStatus;
  readonly message: string;
  readonly trailers: Metadata;
}

/** One call, as its caller sees it. */
export interface ClientCall<Request, Response> {
  /** What the server sends ahead of the first response; empty if it ends without. Never rejects. */
  readonly head: Promise<Metadata>;
  /** Ends well when the server says so, and throws a `GrpcError` otherwise; no faster than they are taken. */
  readonly responses: AsyncIterableIterator<Response>;
  /** Resolves when the call is over; never rejects. */
  readonly ending: Promise<Ending>;
  /** Bytes handed over that the system has not taken. */
  readonly bytesQueued: number;
  /** `false`: no room for more, until `drained` resolves. After the end requests are dropped. */
  send(request: Request): boolean;
  drained(): Promise<void>;
  /** No more requests. */
  end(): void;
  /** Gives the call up; it ends as cancelled. */
  cancel(): void;
}

const timerMsMax = 2 ** 31 - 1;

/** A call on an open stream. */
export class StreamCall<Request, Response> implements ClientCall<Request, Response> {
  readonly head: Promise<Metadata>;
  readonly ending: Promise<Ending>;
  readonly responses: Inflow<Response>;
  readonly #stream: ClientHttp2Stream;
  readonly #codec: Codec<Request>;
  #tellEnding: (ending: Ending) => void = () => {};
  #tellHead: (metadata: Metadata) => void = () => {};
  /** What became of the connection, if it is gone. */
  readonly #lost: () => string | undefined;
  readonly #stopWaiting: () => void;
  #httpStatus: number | undefined;
  #isOver = false;
  /** As the server said it, before the stream has ended. */
  #said: Ending | undefined;
  #drains: (() => void)[] = [];

  constructor(
    stream: ClientHttp2Stream,
    method: Method<MethodKind, Request, Response>,
    bytesMax: number,
    { timeoutMs, signal }: CallOptions,
    lost: () => string | undefined,
  ) {
    this.#lost = lost;
    this.#stream = stream;
    this.#codec = method.request;
    this.ending = new Promise((resolve) => {
      this.#tellEnding = resolve;
    });
    this.head = new Promise((resolve) => {
      this.#tellHead = resolve;
    });
    this.responses = new Inflow(stream, method.response, bytesMax, ({ status, message }) => {
      this.#giveUp(status, message);
    });
    this.#stopWaiting = this.#wait(timeoutMs, signal);
    stream.on("response", (headers) => this.#readHead(headers));
    stream.on("trailers", (headers) => this.#readStatus(headers));
    stream.on("drain", () => this.#drained());
    stream.on("error", () => {}); // it closes
    stream.once("close", () => this.#close());
  }

  get bytesQueued(): number {
    return this.#stream.writableLength;
  }

  send(request: Request): boolean {
    if (this.#isOver || this.#stream.writableEnded || this.#stream.destroyed) return true;
    corkForTurn(this.#stream);
    return this.#stream.write(frameOf(this.#codec.encode(request)));
  }

  drained(): Promise<void> {
    if (this.#isOver || !this.#stream.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => this.#drains.push(resolve));
  }

  end(): void {
    if (!this.#isOver && !this.#stream.writableEnded) this.#stream.end();
  }

  cancel(): void {
    this.#giveUp(grpcStatus.cancelled, "the call was given up");
  }

  #wait(timeoutMs: number | undefined, signal: AbortSignal | undefined): () => void {
    const expire = (): void =>
      this.#giveUp(grpcStatus.deadlineExceeded, `no answer within ${Math.ceil(timeoutMs ?? 0)} ms`);
    const abort = (): void => this.cancel();
    const timer = timeoutMs !== undefined && timeoutMs < timerMsMax ? setTimeout(expire, timeoutMs) : undefined;
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) queueMicrotask(abort);
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
  }

  #readHead(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    this.#httpStatus = headers[":status"];
    const isGrpc = /^application\/grpc/.test(headers["content-type"] ?? "");
    if (headers["grpc-status"] !== undefined) this.#readStatus(headers);
    else if (this.#httpStatus !== 200 || !isGrpc) {
      const text = `the answer is none of gRPC: HTTP status ${this.#httpStatus}, ${headers["content-type"]}`;
      this.#giveUp(statusOfHttp(this.#httpStatus ?? 0), text);
    } else if ((headers["grpc-encoding"] ?? "identity") !== "identity") {
      this.#giveUp(grpcStatus.internal, `messages compressed by ${headers["grpc-encoding"]} are not taken`);
    } else this.#tellHead(readMetadata(headers));
  }

  #readStatus(headers: IncomingHttpHeaders): void {
    const status = headers["grpc-status"];
    if (status === undefined || this.#said !== undefined) return;
    const message = decodeMessage(String(headers["grpc-message"] ?? ""));
    this.#said = { status: readStatus(String(status)), message, trailers: readMetadata(headers) };
  }

  #close(): void {
    if (this.#said !== undefined) return this.#finish(this.#said);
    const code = this.#stream.rstCode ?? 0;
    const problem = this.#lost();
    if (problem !== undefined) this.#finish({ status: grpcStatus.unavailable, message: problem, trailers: {} });
    else this.#finish({ status: statusOfReset(code), message: `the server reset the call (${code})`, trailers: {} });
  }

  /** Ends the call here and now, and tells the server. */
  #giveUp(status: GrpcStatus, message: string): void {
    if (this.#isOver) return;
    this.#finish({ status, message, trailers: {} });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #finish(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWaiting();
    const { status, message, trailers } = ending;
    if (status === grpcStatus.ok) void this.responses.close();
    else this.responses.fail(new GrpcError(status, message, trailers));
    this.#tellHead({});
    this.#tellEnding(ending);
    this.#drained();
  }

  #drained(): void {
    for (const resolve of this.#drains) resolve();
    this.#drains = [];
  }
}
