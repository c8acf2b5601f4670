import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { MalformedError } from "../../base/errors.ts";
import type { ExecuteOptions, ReadOptions } from "../../runtime/api.ts";

interface Env {
  Bindings: HttpBindings;
}

/** The routes of this server. */
export type App = Hono<Env>;
/** One request and the answer to it. */
export type Exchange = Context<Env>;
/** Something done around each exchange. */
export type Around = MiddlewareHandler<Env>;

const keyPattern = /^[\x21-\x7e]{1,256}$/;

/** What a write asks for: to happen once for its `Idempotency-Key`, and to be waited for while the client is there. */
export function executeOptions(exchange: Exchange): ExecuteOptions {
  const { incoming } = exchange.env;
  const signal = clientGone(incoming.socket);
  const key = incoming.headers["idempotency-key"];
  if (key === undefined) return { signal };
  if (typeof key !== "string" || !keyPattern.test(key)) {
    throw new MalformedError("Idempotency-Key must be 1 to 256 visible ASCII characters, sent once");
  }
  return { key, signal };
}

/** What a read asks for: `?consistency=lease` or `stale`, or linearizable by default. */
export function readOptions(exchange: Exchange): ReadOptions {
  const signal = clientGone(exchange.env.incoming.socket);
  const consistency = exchange.req.query("consistency") ?? "linearizable";
  if (consistency !== "linearizable" && consistency !== "lease" && consistency !== "stale") {
    throw new MalformedError("consistency must be linearizable, lease or stale");
  }
  return { consistency, signal };
}

/** A whole number from the query, or `fallback`; refused outside of `min` … `max`. */
export function queryNumber(exchange: Exchange, name: string, min: number, max: number, fallback: number): number {
  const text = exchange.req.query(name);
  if (text === undefined) return fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new MalformedError(`${name} must be a whole number from ${min} to ${max}`);
  return value;
}

/** The path as it was sent: routes match its percent-encoded form, and parts are decoded once, by `decodePart`. */
export function rawPath(request: Request): string {
  const start = request.url.indexOf("/", request.url.indexOf("://") + 3);
  const query = request.url.indexOf("?", start);
  return query === -1 ? request.url.slice(start) : request.url.slice(start, query);
}

/** Undoes the percent-encoding of a part of a path. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new MalformedError(`${JSON.stringify(part.slice(0, 80))} in the path is not percent-encoded UTF-8`, {
      cause,
    });
  }
}

const signals = new WeakMap<Socket, AbortSignal>();

/** Aborted when the client hangs up. One signal for all requests of a connection: making one for each is dear. */
export function clientGone(socket: Socket): AbortSignal {
  const known = signals.get(socket);
  if (known !== undefined) return known;
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // pipelined requests all listen
  socket.once("close", () => controller.abort());
  signals.set(socket, controller.signal);
  return controller.signal;
}
