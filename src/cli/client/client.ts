import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailure, exitCode } from "../exit.ts";
import { formatMs } from "../quantities.ts";
import { NetworkError, open, type Reply, readText, type Trust } from "./http.ts";

/** Largest answer that is read, in bytes. */
const answerBytesMax = 64 * 1024 * 1024;
/** Wait before an endpoint that could not be reached is tried again, in ms: doubles from the least to the most. */
const backoffMs = { least: 50, most: 1000 };
/** A node waits 5 s for a leader before it says that there is none: cut off earlier, its refusal is not heard. */
const tryMsDefault = 6000;
/** A node that is stopped accepts connections and says nothing: that is found out before a write is entrusted to it. */
const presenceMsMax = 1000;

/** One request, in the words of HTTP. */
export interface Ask {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where and how long to try. */
export interface Attempts {
  /** Base addresses, at least one. */
  readonly endpoints: readonly string[];
  readonly trust?: Trust;
  /** For everything together. */
  readonly timeoutMs: number;
  /** For one try. Default 6000. */
  readonly tryTimeoutMs?: number;
  /** Names a write across its tries, so that it is applied once; required for whatever is not repeatable. */
  readonly key?: string;
  /** Doing it twice is as good as once. */
  readonly isRepeatable?: boolean;
}

/** What a node answered, whatever the status, unless it is worth another try. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly endpoint: string;
  readonly headers: IncomingHttpHeaders;
}

/** A try that leads to another: whether it may have been applied, and when its endpoint may be asked again. */
interface Setback {
  readonly why: string;
  readonly unknown: boolean;
  readonly retryAfterMs: number | undefined;
}

/** An endpoint, and what became of it so far. */
interface Endpoint {
  readonly url: string;
  /** When it may be asked again, by the monotonic clock. */
  readyAt: number;
  failures: number;
  why: string;
}

/**
 * Asks one endpoint after another until one answers or the time is over.
 *
 * All tries of a write carry the same key. Once one try may have been applied, giving up says so (exit 2), whatever
 * later tries said: only an answer settles it. Without any such try, giving up means certainly not applied (exit 69).
 */
export async function ask(request: Ask, attempts: Attempts): Promise<Answer> {
  const deadline = performance.now() + attempts.timeoutMs;
  const endpoints = attempts.endpoints.map((url): Endpoint => ({ url, readyAt: 0, failures: 0, why: "not asked" }));
  let unknown = false;
  let refusalMs = 0;
  for (;;) {
    const next = endpoints.reduce((best, other) => (other.readyAt < best.readyAt ? other : best));
    const startAt = Math.max(next.readyAt, performance.now());
    if (startAt + 1 >= deadline) break;
    if (!unknown && refusalMs > 0 && startAt + 2 * refusalMs + 20 >= deadline) break; // cut off, it would leave doubt
    await sleep(startAt - performance.now());
    const before = performance.now();
    const leftMs = Math.ceil(Math.min(deadline - before, attempts.tryTimeoutMs ?? tryMsDefault));
    if (leftMs < 1) break; // this process was held up
    const result = await tryOnce(next.url, request, attempts, leftMs);
    if ("status" in result) return result;
    unknown ||= result.unknown && request.method !== "GET";
    if (result.retryAfterMs !== undefined) refusalMs = Math.max(refusalMs, performance.now() - before);
    setBack(next, result);
  }
  throw givenUp(unknown, attempts, endpoints.map(({ url, why }) => `\n  ${url}: ${why}`).join(""));
}

function setBack(endpoint: Endpoint, { why, retryAfterMs }: Setback): void {
  const backoff = Math.min(backoffMs.least * 2 ** endpoint.failures, backoffMs.most);
  if (retryAfterMs === undefined) endpoint.failures++;
  endpoint.why = why;
  endpoint.readyAt = performance.now() + (retryAfterMs ?? backoff);
}

function givenUp(unknown: boolean, { timeoutMs, key, isRepeatable }: Attempts, tried: string): CommandFailure {
  const advice = isRepeatable
    ? "repeat it: what is done already is not done again"
    : `repeat it with --idempotency-key ${key}, which applies it at most once`;
  return unknown
    ? new CommandFailure(
        exitCode.unknown,
        `no answer within ${formatMs(timeoutMs)}: the request may or may not have been applied; ${advice}${tried}`,
      )
    : new CommandFailure(
        exitCode.unavailable,
        `nobody served the request within ${formatMs(timeoutMs)}: nothing was applied${tried}`,
      );
}

async function tryOnce(
  url: string,
  request: Ask,
  { key, trust }: Attempts,
  timeoutMs: number,
): Promise<Answer | Setback> {
  const absence = await findAbsence(url, trust, Math.min(timeoutMs, presenceMsMax));
  if (absence !== undefined) return { why: absence, unknown: false, retryAfterMs: undefined };
  try {
    const reply = await open(new URL(request.path, url), {
      method: request.method,
      headers: {
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      trust,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status, headers } = reply;
    const text = await readText(reply, answerBytesMax);
    const isFinal = (status < 500 && status !== 429) || readError(text).retry === "never";
    return isFinal ? { status, text, endpoint: url, headers } : setback(reply, text);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return { why: reasonOf(error, timeoutMs), unknown: error.wasSent, retryAfterMs: undefined };
  }
}

/** Why nobody is there to be asked; undefined if somebody is. */
async function findAbsence(url: string, trust: Trust | undefined, timeoutMs: number): Promise<string | undefined> {
  try {
    const reply = await open(new URL("/livez", url), { trust, signal: AbortSignal.timeout(timeoutMs) });
    await readText(reply, answerBytesMax);
    return undefined;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return reasonOf(error, timeoutMs);
  }
}

/** A 503 or 429 was certainly not applied; any other server error may have been, unless it says otherwise. */
function setback({ status, headers }: Reply, text: string): Setback {
  const { message, outcome } = readError(text);
  const refused = status === 503 || status === 429;
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return {
    why: `${status} ${message}`,
    unknown: outcome === undefined ? !refused : outcome === "unknown",
    retryAfterMs: refused && seconds >= 0 ? seconds * 1000 : undefined,
  };
}

/** What a node says about a request it did not carry out. */
export interface Refusal {
  readonly message: string;
  readonly code?: string;
  readonly retry?: string;
  readonly outcome?: string;
}

/** Reads an error body: JSON of the services, or anything else as a line. */
export function readError(text: string): Refusal {
  try {
    const { error } = JSON.parse(text) as { error?: Refusal };
    if (error !== undefined) return error;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { message: text.trim().slice(0, 500) };
}

function reasonOf(error: NetworkError, timeoutMs: number): string {
  return error.isTimeout ? `no answer within ${formatMs(timeoutMs)}` : error.message;
}
