import { constants as tlsConstants } from "node:crypto";
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Credentials } from "../tls/credentials.ts";
import { describeSocketError } from "../tls/identity.ts";
import { listening } from "../transports/listening.ts";
import { readTimeout } from "./heads.ts";
import { Inflow } from "./inflow.ts";
import { keepAlive, PingGuard } from "./keeper.ts";
import type { Method, MethodKind } from "./method.ts";
import { type Call, type Caller, ServerCall } from "./server-call.ts";
import { GrpcError, grpcStatus } from "./status.ts";

/**
 * What carries out a method: one or many requests in, one or many responses out.
 *
 * Once the caller is gone, reading requests throws, and a handler of responses is asked for no more; one that waits for
 * something else watches `call.signal`.
 */
export type Handler<Kind extends MethodKind, Request, Response> = Kind extends "unary"
  ? (request: Request, call: Call) => Response | Promise<Response>
  : Kind extends "client-streaming"
    ? (requests: AsyncIterableIterator<Request>, call: Call) => Promise<Response>
    : Kind extends "server-streaming"
      ? (request: Request, call: Call) => AsyncIterable<Response>
      : (requests: AsyncIterableIterator<Request>, call: Call) => AsyncIterable<Response>;

/** Where and within which bounds to serve. */
export interface GrpcServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Encrypts. With authorities, clients are asked for a certificate. */
  readonly credentials?: Credentials | undefined;
  /** `demand`: who shows no trusted certificate is hung up on; `report`: handlers see it. Default `demand`. */
  readonly trust?: "demand" | "report";
  /** Oldest version of TLS. Default 1.2. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Longest message taken. Default 4 MiB. */
  readonly receiveBytesMax?: number;
  /** Bytes of one call, and of one connection, that the other end may send before they are taken. Default 1, 4 MiB. */
  readonly streamWindowBytes?: number;
  readonly sessionWindowBytes?: number;
  /** Calls at once on one connection. Default 1000. */
  readonly callsMax?: number;
  /** Connections; further ones are closed at once. Default 4096. */
  readonly connectionsMax?: number;
  /** All names and values of a call's metadata. Default 16 KiB. */
  readonly metadataBytesMax?: number;
  /** Silence after which a client is asked whether it is there, and its time to answer. Default 60 s, 20 s. */
  readonly keepaliveMs?: number;
  readonly keepaliveTimeoutMs?: number;
  /** Pings of a client may come this often while it is sent nothing. Default 5000. */
  readonly pingIntervalMs?: number;
  /** What an error that is no `GrpcError` is for the caller; undefined: nobody expected it. */
  readonly statusOf?: (error: unknown) => GrpcError | undefined;
  /** Told of who did not come as far as a call: no TLS, no HTTP/2. */
  readonly onFailed?: (remote: string, problem: string) => void;
  /** Told of errors of handlers that nobody expected, and of connections that could not be accepted. */
  readonly onError?: (error: unknown, path: string) => void;
}

const mebibyte = 1024 * 1024;
/** What Node keeps for one connection at the most, in MB; beyond it new calls are refused. */
const sessionMemoryMax = 64;
/** A connection that has not begun to speak HTTP/2 by then is closed. */
const prefaceMs = 10_000;
/** Last stream of a first GOAWAY: calls that are on their way are still taken (RFC 9113 §6.8). */
const lastStreamMax = 2 ** 31 - 1;

type AnyMethod = Method<MethodKind, unknown, unknown>;
type AnyHandler = Handler<MethodKind, unknown, unknown>;

interface Served {
  readonly method: AnyMethod;
  readonly handler: AnyHandler;
}

/** What is known of a connection. */
interface Kept {
  readonly guard: PingGuard;
  readonly caller: Caller;
}

/** A server of gRPC over HTTP/2. Add methods, then listen. */
export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #server: Http2Server;
  readonly #methods = new Map<string, Served>();
  readonly #sessions = new Map<ServerHttp2Session, Kept>();
  #isClosing = false;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    const { callsMax = 1000, streamWindowBytes = mebibyte, metadataBytesMax = 16 * 1024 } = options;
    const settings = {
      maxConcurrentStreams: callsMax,
      initialWindowSize: streamWindowBytes,
      maxHeaderListSize: metadataBytesMax,
      enablePush: false,
    };
    const bounds = { settings, maxSessionMemory: sessionMemoryMax };
    const { credentials, trust = "demand", minVersion = "TLSv1.2" } = options;
    if (credentials === undefined) this.#server = createServer(bounds);
    else {
      const requestCert = credentials.pem.ca !== undefined;
      const policy = { requestCert, rejectUnauthorized: requestCert && trust === "demand" };
      const tls = { minVersion, secureOptions: tlsConstants.SSL_OP_NO_TICKET, ALPNProtocols: ["h2"] };
      const server = createSecureServer({ ...bounds, ...tls, ...policy, ...credentials.pem });
      credentials.watch((pem) => server.setSecureContext({ ...tls, ...pem }));
      this.#server = server;
    }
    this.#server.maxConnections = options.connectionsMax ?? 4096;
    this.#server.on("session", (session) => this.#welcome(session));
    this.#server.on("stream", (stream, headers) => this.#begin(stream, headers));
    this.#server.on("sessionError", (error) => this.#tellFailed(error)); // the session ends, and its calls with it
    this.#server.on("tlsClientError", (error, socket) => {
      options.onFailed?.(socket.remoteAddress ?? "an unknown address", describeSocketError(error));
    });
  }

  /** The port that was bound. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Serves `method` by `handler`; before `listen`. */
  on<Kind extends MethodKind, Request, Response>(
    method: Method<Kind, Request, Response>,
    handler: Handler<Kind, Request, Response>,
  ): this {
    this.#methods.set(method.path, { method, handler: handler as AnyHandler });
    return this;
  }

  /** Throws `AddressInUseError`, or `OptionError` for an address that is not this machine's. */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await listening(this.#server, () => this.#server.listen(port, host), `${host}:${port}`);
    this.#server.on("error", (error) => this.#options.onError?.(error, ""));
  }

  /** Takes no more calls, lets those that are there end for so long, and frees the port. */
  async close(graceMs = 3000): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#options.credentials?.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const session of this.#sessions.keys()) {
      if (session.destroyed || session.closed) continue;
      session.goaway(constants.NGHTTP2_NO_ERROR, lastStreamMax);
      session.ping(() => session.close()); // by then the client has read that, and what it had sent before has come
    }
    const cut = setTimeout(() => {
      for (const session of this.#sessions.keys()) session.destroy();
    }, graceMs);
    await closed;
    clearTimeout(cut);
  }

  #welcome(session: ServerHttp2Session): void {
    const { keepaliveMs = 60_000, keepaliveTimeoutMs = 20_000, pingIntervalMs = 5000 } = this.#options;
    if (session.destroyed) return;
    const guard = new PingGuard(session, pingIntervalMs);
    const lost = (): void => session.destroy();
    const stopKeeping = keepAlive(session, { keepaliveMs, keepaliveTimeoutMs }, lost);
    const late = setTimeout(lost, prefaceMs);
    session.once("remoteSettings", () => clearTimeout(late));
    session.setLocalWindowSize(this.#options.sessionWindowBytes ?? 4 * mebibyte);
    this.#sessions.set(session, { guard, caller: callerOn(session.socket) });
    session.on("error", () => {}); // it closes
    session.once("close", () => {
      clearTimeout(late);
      stopKeeping();
      this.#sessions.delete(session);
    });
    if (this.#isClosing) session.close();
  }

  #begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", () => {}); // it closes
    const kept = stream.session && this.#sessions.get(stream.session as ServerHttp2Session);
    if (kept === undefined) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const httpStatus = judgeHttp(headers);
    if (httpStatus !== undefined) {
      stream.respond({ ":status": httpStatus }, { endStream: true });
      stream.resume();
      return;
    }
    kept.guard.forgive();
    const found = this.#methods.get(headers[":path"] ?? "");
    let timeoutMs: number | undefined;
    let problem = judgeGrpc(headers, found !== undefined);
    try {
      const timeout = headers["grpc-timeout"];
      if (timeout !== undefined) timeoutMs = readTimeout(String(timeout));
    } catch (cause) {
      problem ??= new GrpcError(grpcStatus.internal, (cause as Error).message, {}, { cause });
    }
    if (found === undefined || problem !== undefined) {
      const call = new ServerCall(stream, headers, kept.caller, undefined, () => {});
      stream.resume();
      call.fail(problem ?? new GrpcError(grpcStatus.unimplemented, ""));
      return;
    }
    this.#serve(stream, headers, kept, timeoutMs, found);
  }

  #serve(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { caller, guard }: Kept,
    timeoutMs: number | undefined,
    { method, handler }: Served,
  ): void {
    const call: ServerCall = new ServerCall(stream, headers, caller, timeoutMs, () => {
      if (requests.isOpen) requests.fail(new GrpcError(grpcStatus.cancelled, "the call is over")); // errors are dear
    });
    const bytesMax = this.#options.receiveBytesMax ?? 4 * mebibyte;
    const requests = new Inflow(stream, method.request, bytesMax, (error) => call.fail(error));
    stream.once("end", () => requests.close());
    const done = isStreamOut(method.kind)
      ? answerMany(method, handler as Handler<"bidirectional", unknown, unknown>, requests, call, guard)
      : answerOne(method, handler as Handler<"client-streaming", unknown, unknown>, requests, call);
    done.catch((error: unknown) => {
      if (!call.isGone) call.fail(this.#statusOf(error, method.path));
    });
  }

  #tellFailed(error: NodeJS.ErrnoException): void {
    const isForeign = error.code === "ERR_HTTP2_ERROR";
    this.#options.onFailed?.(
      "",
      isForeign ? "it speaks no HTTP/2: perhaps it runs with another transport" : describeSocketError(error),
    );
  }

  #statusOf(error: unknown, path: string): GrpcError {
    if (error instanceof GrpcError) return error;
    const known = this.#options.statusOf?.(error);
    if (known !== undefined) return known;
    this.#options.onError?.(error, path);
    return new GrpcError(grpcStatus.unknown, "the server failed for a reason of its own");
  }
}

async function answerOne(
  { kind, response }: AnyMethod,
  handler: Handler<"client-streaming", unknown, unknown>,
  requests: Inflow<unknown>,
  call: ServerCall,
): Promise<void> {
  const given = kind === "unary" ? ((await only(requests)) as never) : requests;
  const answer = await handler(given, call);
  call.answer(response.encode(answer));
}

async function answerMany(
  { kind, response }: AnyMethod,
  handler: Handler<"bidirectional", unknown, unknown>,
  requests: Inflow<unknown>,
  call: ServerCall,
  guard: PingGuard,
): Promise<void> {
  const given = kind === "server-streaming" ? ((await only(requests)) as never) : requests;
  const answers = handler(given, call)[Symbol.asyncIterator]();
  while (!call.isGone) {
    const next = await answers.next();
    if (next.done) return call.finish(grpcStatus.ok);
    guard.forgive();
    if (!call.send(next.value, response)) await call.drained();
  }
  await answers.return?.();
}

/** The request of a call that has one. */
async function only<Message>(requests: Inflow<Message>): Promise<Message> {
  const first = await requests.next();
  if (first.done) throw new GrpcError(grpcStatus.internal, "no request came, and one was expected");
  const second = await requests.next();
  if (!second.done) throw new GrpcError(grpcStatus.internal, "a second request came, and one was expected");
  return first.value;
}

/** What is no call of gRPC at all, and is told so in the words of HTTP. */
function judgeHttp(headers: IncomingHttpHeaders): number | undefined {
  if (headers[":method"] !== "POST") return 405;
  return /^application\/grpc(?:\+proto)?(?:;|$)/.test(headers["content-type"] ?? "") ? undefined : 415;
}

function judgeGrpc(headers: IncomingHttpHeaders, isKnown: boolean): GrpcError | undefined {
  const path = headers[":path"] ?? "";
  if (!isKnown) return new GrpcError(grpcStatus.unimplemented, `there is no method ${path.slice(0, 200)}`);
  const encoding = headers["grpc-encoding"];
  if (encoding === undefined || encoding === "identity") return undefined;
  const text = `messages compressed by ${String(encoding).slice(0, 50)} are not taken`;
  return new GrpcError(grpcStatus.unimplemented, text, { "grpc-accept-encoding": "identity" });
}

function isStreamOut(kind: MethodKind): boolean {
  return kind === "server-streaming" || kind === "bidirectional";
}

function callerOn(socket: Socket | TLSSocket): Caller {
  const address = socket.remoteAddress ?? "an unknown address";
  if (!(socket instanceof TLSSocket))
    return { address, certificate: undefined, isTrusted: false, fault: undefined, isEncrypted: false };
  const [certificate, isTrusted] = [socket.getPeerX509Certificate(), socket.authorized];
  const fault = isTrusted ? undefined : String(socket.authorizationError);
  return { address, certificate, isTrusted, fault, isEncrypted: true };
}
