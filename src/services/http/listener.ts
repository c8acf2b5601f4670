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
/** What is still unanswered this long after `close` is cut off. */
const drainMs = 3000;

/** A port that answers HTTP. */
export interface Listening {
  readonly port: number;
  /** Refuses new connections, waits for what is in flight, at most 3 s, and closes. */
  close(): Promise<void>;
}

/** Serves `app` on `host:port`; port 0 takes a free one. */
export async function listen(app: App, host: string, port: number, bodyBytesMax: number): Promise<Listening> {
  const limits = { maxHeaderSize: headerBytesMax, headersTimeout: headersMs, requestTimeout: requestMs };
  const answer = getRequestListener(app.fetch, {
    hostname: host,
    errorHandler: () => problemDocument(new MalformedError("the request line or its Host header")),
  });
  const server = createServer(
    { ...limits, keepAliveTimeout: idleMs, connectionsCheckingInterval: 5000, noDelay: true },
    answer,
  );
  server.maxConnections = connectionsMax;
  server.timeout = idleMs;
  server.on("checkContinue", (incoming, outgoing) => {
    const isTooLarge = Number(incoming.headers["content-length"] ?? 0) > bodyBytesMax;
    if (!isTooLarge) outgoing.writeContinue(); // otherwise the refusal comes before the body is sent
    server.emit("request", incoming, outgoing);
  });
  await opened(server, host, port);
  return { port: (server.address() as AddressInfo).port, close: () => drained(server) };
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

function drained(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
  });
}
