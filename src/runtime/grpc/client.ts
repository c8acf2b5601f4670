import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from "node:http2";
import type { ConnectionOptions } from "node:tls";
import { describeSocketError } from "../tls/identity.ts";
import { formatAddress } from "../transports/addresses.ts";
import { type CallOptions, type ClientCall, StreamCall } from "./client-call.ts";
import { writeMetadata, writeTimeout } from "./heads.ts";
import { keepAlive } from "./keeper.ts";
import type { Method, MethodKind } from "./method.ts";
import { GrpcError, grpcStatus } from "./status.ts";

/** Whom to connect to, and within which bounds. */
export interface GrpcClientOptions {
  readonly host: string;
  readonly port: number;
  /** Encrypts. */
  readonly tls?: ConnectionOptions | undefined;
  /** Longest message taken. Default 4 MiB. */
  readonly receiveBytesMax?: number;
  /** Bytes of one call, and of the connection, that the server may send before they are taken. Default 1, 4 MiB. */
  readonly streamWindowBytes?: number;
  readonly sessionWindowBytes?: number;
  /** Silence after which the server is asked whether it is there, and its time to answer. Default: never, 20 s. */
  readonly keepaliveMs?: number;
  readonly keepaliveTimeoutMs?: number;
}

const mebibyte = 1024 * 1024;
const sessionMemoryMax = 64;

/** One connection to a server of gRPC. It is dialled at once and never again: who needs another makes another. */
export class GrpcClient {
  /** Resolves, with what went wrong or `undefined`, when the connection is gone; calls on it have ended then. */
  readonly closed: Promise<string | undefined>;
  /** Resolves with whether a server of HTTP/2 was reached, once that is known. */
  readonly reached: Promise<boolean>;
  readonly #session: ClientHttp2Session;
  readonly #receiveBytesMax: number;
  #problem: string | undefined;

  constructor(options: GrpcClientOptions) {
    const { host, port, tls, receiveBytesMax = 4 * mebibyte, streamWindowBytes = mebibyte } = options;
    this.#receiveBytesMax = receiveBytesMax;
    const settings = { initialWindowSize: streamWindowBytes, enablePush: false };
    const bounds: SecureClientSessionOptions = { settings, maxSessionMemory: sessionMemoryMax };
    this.#session = connect(`${tls ? "https" : "http"}://${formatAddress({ host, port })}`, { ...bounds, ...tls });
    this.#session.once("connect", () => {
      if (this.#session.destroyed) return; // given up in the same moment
      this.#session.setLocalWindowSize(options.sessionWindowBytes ?? 4 * mebibyte);
      const { keepaliveMs, keepaliveTimeoutMs = 20_000 } = options;
      if (keepaliveMs === undefined) return;
      const lost = (): void => this.destroy("the server does not answer");
      this.#session.once("close", keepAlive(this.#session, { keepaliveMs, keepaliveTimeoutMs }, lost));
    });
    this.#session.on("error", (error: NodeJS.ErrnoException) => {
      this.#problem ??=
        error.code === "ERR_HTTP2_ERROR"
          ? "it speaks no HTTP/2: perhaps it runs with another transport"
          : describeSocketError(error);
    });
    this.closed = new Promise((resolve) => {
      this.#session.once("close", () => resolve(this.#problem));
    });
    this.reached = new Promise((resolve) => {
      this.#session.once("remoteSettings", () => resolve(true));
      this.#session.once("close", () => resolve(false));
    });
  }

  /** Whether new calls have a chance. */
  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether the other end has been reached. */
  get isConnected(): boolean {
    return this.isOpen && !this.#session.connecting;
  }

  /** Asks for a sign of life; `answered` is called if there is one. */
  ping(answered: () => void): void {
    if (!this.isConnected) return;
    this.#session.ping((error) => {
      if (error === null) answered();
    });
  }

  /** Begins a call of any kind. Throws a `GrpcError` when the connection is gone or going. */
  start<Request, Response>(
    method: Method<MethodKind, Request, Response>,
    options: CallOptions = {},
  ): ClientCall<Request, Response> {
    if (!this.isOpen) throw new GrpcError(grpcStatus.unavailable, this.#problem ?? "the connection is closed");
    const { metadata = {}, timeoutMs } = options;
    const stream = this.#session.request({
      ":method": "POST",
      ":path": method.path,
      "content-type": "application/grpc",
      te: "trailers",
      ...(timeoutMs !== undefined && { "grpc-timeout": writeTimeout(timeoutMs) }),
      ...writeMetadata(metadata),
    });
    return new StreamCall(stream, method, this.#receiveBytesMax, options, () => {
      return this.#session.destroyed ? (this.#problem ?? "the connection ended") : undefined;
    });
  }

  /** Calls a method of one request and one response. Rejects with a `GrpcError`. */
  async unary<Request, Response>(
    method: Method<"unary", Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<Response> {
    const call = this.start(method, options);
    call.send(request);
    call.end();
    const first = await call.responses.next();
    const { status, message, trailers } = await call.ending;
    if (status !== grpcStatus.ok) throw new GrpcError(status, message, trailers);
    if (first.done) throw new GrpcError(grpcStatus.internal, "no response came, and one was expected");
    return first.value;
  }

  /** Lets calls end, and closes; resolves once closed. */
  async close(): Promise<void> {
    if (this.isOpen) this.#session.close();
    await this.closed;
  }

  /** Ends everything at once. */
  destroy(problem?: string): void {
    this.#problem ??= problem;
    this.#session.destroy();
  }
}
