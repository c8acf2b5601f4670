import { constants } from "node:crypto";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { MalformedError } from "../../base/errors.ts";
import { Credentials, type TlsFiles } from "../../runtime/tls/credentials.ts";
import { listening } from "../../runtime/transports/listening.ts";
import type { Notice } from "../../runtime/transports/notices.ts";
import { problemDocument } from "./answers.ts";
import type { App } from "./exchange.ts";

const connectionsMax = 4096;
const headerBytesMax = 16 * 1024;
/** A client that takes longer than this to send its head, or all of its request, is cut off with a 408. */
const headersMs = 10_000;
const requestMs = 30_000;
/** A connection on which nothing moves is closed. */
const idleMs = 60_000;

/** Each connection of a client shows its certificate anew: a ticket would outlive the authority that was trusted. */
const httpTls = { minVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_TICKET } as const;

/** A port that answers HTTP. */
export interface Listening {
  readonly port: number;
  /** Refuses new connections, finishes what is in flight, cuts off what takes longer than `drainMs`, and closes. */
  close(): Promise<void>;
}

/** Where and within which bounds to serve. */
export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly bodyBytesMax: number;
  readonly drainMs: number;
  /** Encrypts; with a `ca`, clients must show a certificate signed by it. */
  readonly tls?: TlsFiles | undefined;
  /** Told of new certificates. */
  readonly notice?: Notice;
  /** Told of connections that could not be accepted. */
  readonly onError: (error: Error) => void;
}

/** Serves `app`. Rejects with `AddressInUseError` or `OptionError`. */
export async function listen(app: App, options: ListenOptions): Promise<Listening> {
  const { host, port, bodyBytesMax, drainMs, onError } = options;
  const limits = { maxHeaderSize: headerBytesMax, headersTimeout: headersMs, requestTimeout: requestMs };
  const answer = getRequestListener(app.fetch, {
    hostname: host,
    errorHandler: () => problemDocument(new MalformedError("the request line or its Host header")),
  });
  let inFlight = 0;
  const credentials = options.tls && new Credentials("tls", options.tls, options.notice ?? (() => {}));
  const settings = { ...limits, keepAliveTimeout: idleMs, connectionsCheckingInterval: 5000, noDelay: true };
  const server = makeServer(settings, credentials, (incoming, outgoing) => {
    inFlight++;
    outgoing.once("close", () => inFlight--);
    void answer(incoming, outgoing);
  });
  server.maxConnections = connectionsMax;
  server.timeout = idleMs;
  server.on("checkContinue", (incoming, outgoing) => {
    const isTooLarge = Number(incoming.headers["content-length"] ?? 0) > bodyBytesMax;
    if (!isTooLarge) outgoing.writeContinue(); // otherwise the refusal comes before the body is sent
    server.emit("request", incoming, outgoing);
  });
  await listening(server, () => server.listen(port, host), `${host}:${port}`, "host");
  server.on("error", onError);
  const isDone = (): boolean => inFlight === 0;
  const close = (): Promise<void> => {
    credentials?.close();
    return drained(server, drainMs, isDone);
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function makeServer(settings: ServerOptions, credentials: Credentials | undefined, serve: RequestListener): Server {
  if (credentials === undefined) return createServer(settings, serve);
  const policy = { ...httpTls, requestCert: credentials.pem.ca !== undefined };
  const server = createSecureServer({ ...settings, ...policy, ...credentials.pem, handshakeTimeout: headersMs }, serve);
  credentials.watch((pem) => server.setSecureContext({ ...httpTls, ...pem }));
  return server;
}

/** Closes connections as they fall idle, and all of them once nothing is in flight or the time is up. */
function drained(server: Server, drainMs: number, isDone: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    const sweep = setInterval(() => (isDone() ? server.closeAllConnections() : server.closeIdleConnections()), 10);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
  });
}
