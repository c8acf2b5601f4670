import type { X509Certificate } from "node:crypto";
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Bytes, Codec } from "../../base/bytes.ts";
import { corkForTurn, frameOf } from "./frames.ts";
import { readMetadata, writeMetadata } from "./heads.ts";
import { encodeMessage, type GrpcError, type GrpcStatus, grpcStatus, type Metadata } from "./status.ts";

/** Who calls. */
export interface Caller {
  readonly address: string;
  /** The certificate that was shown, and whether it is trusted; undefined without TLS, or when none was shown. */
  readonly certificate: X509Certificate | undefined;
  readonly isTrusted: boolean;
  /** What OpenSSL finds wrong with it. */
  readonly fault: string | undefined;
  readonly isEncrypted: boolean;
}

/** One call, as its handler sees it. */
export interface Call {
  readonly path: string;
  readonly metadata: Metadata;
  readonly caller: Caller;
  /** Time that is left to answer, in ms; infinite without a deadline. */
  readonly leftMs: number;
  /** Aborted when the caller has gone, has given up, or has waited long enough: nobody will read an answer. */
  readonly signal: AbortSignal;
  /** Sends metadata ahead of the first response. */
  sendMetadata(metadata: Metadata): void;
  /** What goes with the status in the end. */
  setTrailers(metadata: Metadata): void;
}

const answerHead = { ":status": 200, "content-type": "application/grpc" } as const;

/** The way back of one call: head, messages and status, in this order, and nothing after the status. */
export class ServerCall implements Call {
  readonly path: string;
  readonly caller: Caller;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #deadline: number;
  readonly #ended: () => void;
  #timer: NodeJS.Timeout | undefined;
  #metadata: Metadata | undefined;
  #controller: AbortController | undefined;
  #isGone = false;
  #isFinished = false;
  #trailers: Metadata = {};
  #drain: (() => void) | undefined;

  /** `ended` is called once, when the call is over for whatever reason. */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    caller: Caller,
    timeoutMs: number | undefined,
    ended: () => void,
  ) {
    this.#stream = stream;
    this.#headers = headers;
    this.caller = caller;
    this.path = headers[":path"] ?? "";
    this.#ended = ended;
    this.#deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    if (timeoutMs !== undefined && timeoutMs < timerMsMax) this.#timer = setTimeout(() => this.#expire(), timeoutMs);
    stream.on("drain", () => this.#drained());
    stream.once("close", () => this.#leave());
  }

  get metadata(): Metadata {
    this.#metadata ??= readMetadata(this.#headers);
    return this.#metadata;
  }

  get leftMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isGone) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Whether an answer has a reader no more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether there is no way to say anything, be it that nobody has been told of it yet. */
  get #isMute(): boolean {
    return this.#isGone || this.#stream.destroyed || this.#stream.closed;
  }

  sendMetadata(metadata: Metadata): void {
    if (!this.#isMute && !this.#stream.headersSent) this.#respond(writeMetadata(metadata));
  }

  setTrailers(metadata: Metadata): void {
    writeMetadata(metadata); // what cannot be sent is found where it was said
    this.#trailers = metadata;
  }

  /** `false`: no room for more, until `drained` resolves. */
  send<Message>(message: Message, { encode }: Codec<Message>): boolean {
    if (this.#isMute) return true;
    if (!this.#stream.headersSent) this.#respond({});
    corkForTurn(this.#stream);
    return this.#stream.write(frameOf(encode(message)));
  }

  /** Resolves once there is room again, or nobody to send to. */
  drained(): Promise<void> {
    if (this.#isGone || !this.#stream.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drain = resolve;
    });
  }

  /** The one response of a call that has one, and its good end. */
  answer(message: Bytes): void {
    if (this.#isMute) return;
    this.#finished();
    if (!this.#stream.headersSent) this.#respond({});
    this.#endWith(grpcStatus.ok, "", this.#trailers);
    this.#stream.end(frameOf(message));
  }

  /** The end of a call that sent what it had, or of one that went wrong. */
  finish(status: GrpcStatus, message = "", trailers: Metadata = this.#trailers): void {
    if (this.#isMute) return;
    this.#finished();
    if (this.#stream.headersSent) {
      this.#endWith(status, message, trailers);
      this.#stream.end();
      return;
    }
    this.#stream.respond(
      { ...answerHead, ...statusHead(status, message), ...writeMetadata(trailers) },
      { endStream: true },
    );
    this.#letGo();
  }

  fail({ status, message, trailers }: GrpcError): void {
    this.finish(status, message, { ...this.#trailers, ...trailers });
  }

  #respond(metadata: OutgoingHttpHeaders): void {
    this.#stream.respond({ ...answerHead, ...metadata }, { waitForTrailers: true });
  }

  #endWith(status: GrpcStatus, message: string, trailers: Metadata): void {
    this.#stream.once("wantTrailers", () => {
      this.#stream.sendTrailers({ ...statusHead(status, message), ...writeMetadata(trailers) });
      this.#letGo();
    });
  }

  /** A caller that still sends is told that nobody listens (RFC 9113 §8.1). */
  #letGo(): void {
    if (this.#stream.readableEnded) return;
    setImmediate(() => this.#stream.close(constants.NGHTTP2_NO_ERROR));
  }

  #expire(): void {
    const isStuck = this.#stream.writableNeedDrain; // then a status would never come through
    this.finish(grpcStatus.deadlineExceeded, "the deadline has passed");
    if (isStuck) this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#abort();
  }

  #finished(): void {
    this.#isFinished = true;
    this.#isGone = true;
    clearTimeout(this.#timer);
  }

  #leave(): void {
    const wasFinished = this.#isFinished;
    this.#finished();
    if (!wasFinished) this.#abort();
    this.#drained();
    this.#ended();
  }

  #abort(): void {
    this.#controller?.abort();
    this.#drained();
  }

  #drained(): void {
    this.#drain?.();
    this.#drain = undefined;
  }
}

/** Longest time that a timer of Node takes; a call that has longer has for ever. */
const timerMsMax = 2 ** 31 - 1;

function statusHead(status: GrpcStatus, message: string): OutgoingHttpHeaders {
  return message === "" ? { "grpc-status": status } : { "grpc-status": status, "grpc-message": encodeMessage(message) };
}
