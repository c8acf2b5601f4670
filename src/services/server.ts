import { readFileSync } from "node:fs";
import { Hono } from "hono";
import { ClosedError, OperatingError, OptionError } from "../runtime/errors.ts";
import type { TlsFiles } from "../runtime/tls/credentials.ts";
import { formatAddress } from "../runtime/transports/addresses.ts";
import type { Notice } from "../runtime/transports/notices.ts";
import { document, problemDocument, problemOf } from "./http/answers.ts";
import { EventStream, eventRoutes } from "./http/events.ts";
import { type App, type Exchange, rawPath } from "./http/exchange.ts";
import { guard, isLoopback } from "./http/guard.ts";
import { healthRoutes } from "./http/health.ts";
import { Intake } from "./http/intake.ts";
import { listen } from "./http/listener.ts";
import { Metrics, metricsRoutes } from "./http/metrics.ts";
import { nodePaths, nodeSchemas } from "./http/node-openapi.ts";
import { type Json, openApi } from "./http/openapi.ts";
import { refusal } from "./http/status.ts";
import { classicKvRoutes } from "./kv/classic.ts";
import { jsonKvRoutes } from "./kv/json.ts";
import { kvPaths, kvSchemas } from "./kv/openapi.ts";
import { logPaths, logSchemas } from "./log/openapi.ts";
import { logRoutes } from "./log/routes.ts";
import { type ObjectsNode, replica } from "./objects.ts";
import { backupRoutes } from "./operate/backup.ts";
import { memberRoutes } from "./operate/members.ts";
import { operatePaths, operateSchemas } from "./operate/openapi.ts";
import { classicStackRoutes } from "./stack/classic.ts";
import { jsonStackRoutes } from "./stack/json.ts";
import { stackPaths, stackSchemas } from "./stack/openapi.ts";

const bodyBytesDefault = 1024 * 1024;

/** Where failures of the server itself are reported; a pino logger is one. */
export interface HttpLog {
  error(facts: object, text: string): void;
}

/** What to serve, and where. */
export interface HttpOptions {
  readonly node: ObjectsNode;
  /** Name or address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Further names under which clients reach this node, as a container's or a proxy's. Default none. */
  readonly names?: readonly string[];
  /** Encrypts; with a `ca`, clients must show a certificate that it signed. Default: neither. */
  readonly tls?: TlsFiles | undefined;
  /** Allows a host that others can reach, though clients show no certificate. Default false. */
  readonly insecure?: boolean;
  /** Longest body of a request. Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** How long `close` waits for requests in flight, in ms. Default 3000. */
  readonly drainMs?: number;
  readonly log?: HttpLog;
  /** Told of new certificates. */
  readonly notice?: Notice;
}

/** A node's HTTP port. */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, finishes those in flight (`drainMs` at most), ends event streams and frees the port. */
  close(): Promise<void>;
}

/** Serves the objects of `node`, and what it knows of itself. Rejects with `OptionError` or `AddressInUseError`. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port, tls, bodyBytesMax = bodyBytesDefault, drainMs = 3000, log, notice } = options;
  checkOptions(options);
  const server = assemble(options, bodyBytesMax);
  const onError = (err: Error): void => log?.error({ err }, "a connection could not be accepted");
  try {
    const listening = await listen(server.app, {
      host,
      port,
      tls,
      bodyBytesMax,
      drainMs,
      onError,
      ...(notice && { notice }),
    });
    const { port: bound } = listening;
    return {
      url: `${tls ? "https" : "http"}://${formatAddress({ host, port: bound })}`,
      port: bound,
      close: () => {
        server.stop();
        return listening.close();
      },
    };
  } catch (error) {
    server.stop();
    throw error;
  }
}

/** The routes of a node: which service speaks for which machine. `stop` refuses further requests and ends streams. */
export function assemble(options: HttpOptions, bodyBytesMax: number): { readonly app: App; stop(): void } {
  const { node, host, names = [], log } = options;
  const app: App = new Hono({ getPath: rawPath });
  const intake = new Intake(bodyBytesMax);
  const metrics = new Metrics(node);
  const events = new EventStream(node);
  let isStopping = false;

  app.use(metrics.timing);
  app.use(guard([host, ...names]));
  app.use((_exchange, next) => {
    if (!isStopping) return next();
    return Promise.resolve(problemDocument(new ClosedError("not-applied"), { connection: "close" }));
  });

  classicStackRoutes(app, replica(node, "stack"), intake);
  jsonStackRoutes(app, replica(node, "stack"), intake);
  logRoutes(app, replica(node, "log"), intake, leaderAddress);
  classicKvRoutes(app, replica(node, "kv"), intake, leaderAddress);
  jsonKvRoutes(app, replica(node, "kv"), intake);

  healthRoutes(app, node);
  eventRoutes(app, events);
  metricsRoutes(app, metrics);
  memberRoutes(app, node, intake);
  backupRoutes(app, node);
  const described = describe();
  app.get("/openapi.json", () => document(described));
  app.notFound((exchange) => notFound(app, exchange));
  app.onError((error, exchange) => {
    if (!(error instanceof OperatingError) && !exchange.env.incoming.socket.destroyed) {
      log?.error({ err: error, path: exchange.req.path }, "a request failed for a reason of our own");
    }
    return problemDocument(problemOf(error));
  });

  function leaderAddress(): string | null {
    const { leader, members } = node.status();
    return members.find((member) => member.id === leader)?.address ?? null;
  }

  function stop(): void {
    isStopping = true;
    events.close();
    metrics.close();
  }
  return { app, stop };
}

function checkOptions({ host, tls, insecure = false, bodyBytesMax = bodyBytesDefault }: HttpOptions): void {
  if (!isLoopback(host) && !insecure && tls?.ca === undefined) {
    const problem = `${host} can be reached by others, who need not say who they are; say insecure to allow that`;
    throw new OptionError("host", problem);
  }
  if (!(Number.isSafeInteger(bodyBytesMax) && bodyBytesMax >= 1)) {
    throw new OptionError("bodyBytesMax", "must be a whole number of bytes, at least 1");
  }
}

function describe(): Json {
  const packageFile = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  const paths = { ...nodePaths, ...operatePaths, ...stackPaths, ...logPaths, ...kvPaths };
  return openApi(version, paths, { ...nodeSchemas, ...operateSchemas, ...stackSchemas, ...logSchemas, ...kvSchemas });
}

/** Tells a wrong path from a wrong method. */
function notFound(app: App, exchange: Exchange): Response {
  const { method, path } = exchange.req;
  const allowed = ["GET", "PUT", "POST", "DELETE"].filter((other) =>
    app.router.match(other, path)[0].some(([[, route]]) => route.method !== "ALL"),
  );
  if (allowed.length === 0) {
    return problemDocument(
      refusal("QUORATE_NO_SUCH_PATH", "there is nothing at this path; /openapi.json lists what there is"),
    );
  }
  const allow = allowed.join(", ");
  return problemDocument(refusal("QUORATE_METHOD_NOT_ALLOWED", `${method} is not for this path; use ${allow}`), {
    allow,
  });
}
