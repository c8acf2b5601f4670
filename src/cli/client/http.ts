import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { request as requestSecurely } from "node:https";
import type { Socket } from "node:net";
import { describeSocketError } from "../../runtime/tls/identity.ts";
import { CommandFailure, exitCode } from "../exit.ts";

/** Whom a client trusts, and what it shows of itself: PEM. */
export interface Trust {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** One request over HTTP or HTTPS. */
export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly trust?: Trust | undefined;
  readonly signal?: AbortSignal;
}

/** The head of an answer; what follows is read by `body` or `text`. Both throw `NetworkError`. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Something between us and the other end failed; the message says what. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  /** Whether the other end may have got the request. */
  readonly wasSent: boolean;
  /** Whether it was our patience that ended. */
  readonly isTimeout: boolean;

  constructor(cause: unknown, wasSent: boolean, signal?: AbortSignal) {
    const isTimeout = signal?.aborted === true;
    const first = cause instanceof AggregateError ? cause.errors[0] : cause; // one for each address of a name
    super(isTimeout ? "no answer in time" : describe(first as NodeJS.ErrnoException), { cause });
    this.wasSent = wasSent;
    this.isTimeout = isTimeout;
  }
}

/** Sends a request; resolves with the head of the answer. Redirects are not followed. */
export function open(url: URL, { method = "GET", headers = {}, body, trust = {}, signal }: Call): Promise<Reply> {
  const isSecure = url.protocol === "https:";
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const options = { method, headers: { ...length, ...headers }, ...(signal && { signal }) };
  return new Promise((resolve, reject) => {
    let wasSent = false;
    const outgoing = isSecure ? requestSecurely(url, { ...options, ...trust }) : request(url, options);
    outgoing.once("socket", (socket: Socket) => {
      if (outgoing.reusedSocket) wasSent = true;
      else socket.once(isSecure ? "secureConnect" : "connect", () => (wasSent = true));
    });
    outgoing.on("error", (cause) => reject(new NetworkError(cause, wasSent, signal)));
    outgoing.once("response", (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      if (status >= 300 && status < 400) {
        incoming.destroy();
        reject(new NetworkError(new Error(`it answers ${status}, and leads elsewhere`), wasSent));
      } else resolve({ status, headers, body: read(incoming, signal) });
    });
    outgoing.end(body);
  });
}

async function* read(incoming: IncomingMessage, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming) yield chunk as Uint8Array;
  } catch (cause) {
    throw new NetworkError(cause, true, signal);
  }
}

/** The whole of an answer. More than `bytesMax` is a `CommandFailure`. */
export async function readText({ body }: Reply, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new CommandFailure(exitCode.failed, `the answer is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function describe(error: NodeJS.ErrnoException): string {
  if (error.code === "ERR_TLS_CERT_ALTNAME_INVALID") return error.message;
  const text = describeSocketError(error);
  return text === error.code ? error.message || text : text;
}
