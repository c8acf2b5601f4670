import { request } from "node:http";
import { objects } from "../../src/services/objects.ts";
import { type HttpOptions, type HttpServer, startHttp } from "../../src/services/server.ts";
import { SingleNode } from "./single-node.ts";

/** The node that replicates what a server serves, alone and in memory. */
export function newObjectsNode() {
  return new SingleNode(objects);
}

/** A request as it goes over the wire; nothing is added but `Host` and the length of the body. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** An answer, read to its end. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  json(): unknown;
}

/** A real server over a real port, for one test. */
export interface Served extends AsyncDisposable {
  readonly node: ReturnType<typeof newObjectsNode>;
  readonly server: HttpServer;
  /** `call` is a method and a path, as in "POST /sPush". */
  send(call: string, sent?: Sent | string): Promise<Received>;
}

/** Serves a new `SingleNode` on a free loopback port; `await using` closes it. */
export async function serve(options: Partial<HttpOptions> = {}): Promise<Served> {
  const node = newObjectsNode();
  const server = await startHttp({ node, host: "127.0.0.1", port: 0, ...options });
  return {
    node,
    server,
    send: (call, sent = {}) => send(server.port, call, typeof sent === "string" ? { body: sent } : sent),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** One request over a connection of its own, `call` as in `Served`. */
export function send(port: number, call: string, { headers = {}, body, signal }: Sent): Promise<Received> {
  const [method, path] = call.split(" ");
  return new Promise((resolve, reject) => {
    const isChunked = "transfer-encoding" in headers;
    const length = body === undefined || isChunked ? {} : { "content-length": Buffer.byteLength(body) };
    const options = {
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { ...length, ...headers },
      agent: false as const,
    };
    const outgoing = request({ ...options, ...(signal === undefined ? {} : { signal }) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text,
          json: () => JSON.parse(text) as unknown,
        });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
