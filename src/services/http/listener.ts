import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { MalformedError } from "../../base/errors.ts";
import { AddressInUseError, OptionError } from "../../runtime/errors.ts";
import { problemDocument } from "./answers.ts";
import type { App } from "./exchange.ts";

const connectionsMax = 4096;
const headerBytesMax = 16 * 1024;
/** A client that takes longer than this to send its head, or all of its request, is cut off with a 408. */
const headersMs = 10_000;
const requestMs = 30_000;
/** A connection on which nothing moves is closed. */
const idleMs = 60_000;

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
  const server = createServer(
    { ...limits, keepAliveTimeout: idleMs, connectionsCheckingInterval: 5000, noDelay: true },
    (incoming, outgoing) => {
      inFlight++;
      outgoing.once("close", () => inFlight--);
      void answer(incoming, outgoing);
    },
  );
  server.maxConnections = connectionsMax;
  server.timeout = idleMs;
  server.on("checkContinue", (incoming, outgoing) => {
    const isTooLarge = Number(incoming.headers["content-length"] ?? 0) > bodyBytesMax;
    if (!isTooLarge) outgoing.writeContinue(); // otherwise the refusal comes before the body is sent
    server.emit("request", incoming, outgoing);
  });
  await opened(server, host, port);
  server.on("error", onError);
  const isDone = (): boolean => inFlight === 0;
  return { port: (server.address() as AddressInfo).port, close: () => drained(server, drainMs, isDone) };
}

function opened(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const address = `${host}:${port}`;
      if (cause.code === "EADDRINUSE") reject(new AddressInUseError(address, { cause }));
      else reject(new OptionError("host", `cannot listen on ${address}: ${cause.message}`));
    });
    server.listen(port, host, resolve);
  });
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
