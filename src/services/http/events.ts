import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { NodeBase, NodeEvent } from "../../runtime/api.ts";
import { nothing, problemDocument } from "./answers.ts";
import type { App } from "./exchange.ts";
import { statusDocument } from "./health.ts";

const listenersMax = 64;
/** What waits for one slow listener; beyond it events are left out, and it is told how many. */
const waitingBytesMax = 1024 * 1024;
const heartbeatMs = 15_000;

type Kind = NodeEvent["kind"];
const kinds: readonly Kind[] = [
  ...(["role", "leader", "commit", "link", "disk", "snapshot", "restore"] as const),
  ...(["membership", "removed", "health"] as const),
];

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no", // proxies that buffer would hold events back
};

interface Listener {
  readonly response: ServerResponse;
  readonly wantsMessages: boolean;
  /** Events left out since it fell behind. */
  missed: number;
}

/**
 * Tells listeners what a node sees, as server-sent events.
 *
 * The node is watched only while somebody listens, and its messages only while somebody asks for them.
 * All events of one turn of the loop leave in one write.
 */
export class EventStream {
  readonly #node: NodeBase;
  readonly #listeners = new Set<Listener>();
  #stopWatching: (() => void)[] = [];
  #stopMessages: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #lastId = 0;
  /** Events of this turn, as text: without messages, and with them. */
  #plain = { text: "", count: 0 };
  #full = { text: "", count: 0 };

  constructor(node: NodeBase) {
    this.#node = node;
  }

  get isFull(): boolean {
    return this.#listeners.size >= listenersMax;
  }

  /** Makes `response` a stream that begins with the node's status. Ends when either side closes it. */
  add(response: ServerResponse, wantsMessages: boolean): void {
    const listener: Listener = { response, wantsMessages, missed: 0 };
    this.#flush(); // what happened before the status must not follow it
    response.writeHead(200, headers);
    response.write(eventText("status", this.#lastId, statusDocument(this.#node.status())));
    response.once("close", () => {
      this.#listeners.delete(listener);
      this.#watch();
    });
    this.#listeners.add(listener);
    this.#watch();
  }

  /** Keeps idle connections open; called by a timer of its own. */
  beat(): void {
    for (const listener of this.#listeners) this.#write(listener, ": still here\n\n", 0);
  }

  close(): void {
    this.#flush();
    for (const { response } of this.#listeners) response.end();
    this.#listeners.clear();
    this.#watch();
  }

  /** Watches exactly what the listeners need. */
  #watch(): void {
    const isWatching = this.#stopWatching.length > 0;
    if (this.#listeners.size > 0 && !isWatching) {
      this.#stopWatching = kinds.map((kind) => this.#node.on(kind, (event) => this.#take(event)));
      this.#heartbeat = setInterval(() => this.beat(), heartbeatMs);
    } else if (this.#listeners.size === 0 && isWatching) {
      clearInterval(this.#heartbeat);
      for (const stop of this.#stopWatching) stop();
      this.#stopWatching = [];
    }
    const wantsMessages = [...this.#listeners].some((listener) => listener.wantsMessages);
    if (wantsMessages) this.#stopMessages ??= this.#node.on("message", (event) => this.#take(event));
    else {
      this.#stopMessages?.();
      this.#stopMessages = undefined;
    }
  }

  #take(event: NodeEvent): void {
    if (this.#full.count === 0) setImmediate(() => this.#flush());
    const text = eventText(event.kind, ++this.#lastId, event);
    this.#full.text += text;
    this.#full.count++;
    if (event.kind === "message") return;
    this.#plain.text += text;
    this.#plain.count++;
  }

  #flush(): void {
    const [plain, full] = [this.#plain, this.#full];
    this.#plain = { text: "", count: 0 };
    this.#full = { text: "", count: 0 };
    for (const listener of this.#listeners) {
      const { text, count } = listener.wantsMessages ? full : plain;
      if (count > 0) this.#write(listener, text, count);
    }
  }

  #write(listener: Listener, text: string, count: number): void {
    const { response } = listener;
    if (response.writableLength > waitingBytesMax) {
      listener.missed += count;
      return;
    }
    if (listener.missed > 0) response.write(eventText("missed", this.#lastId, { count: listener.missed }));
    listener.missed = 0;
    response.write(text);
  }
}

/** `GET /events`, and `?messages=1`. */
export function eventRoutes(app: App, events: EventStream): void {
  app.get("/events", (exchange) => {
    if (exchange.env.incoming.method === "HEAD") return nothing(200, headers);
    if (events.isFull) {
      const message = `${listenersMax} listeners are there already; try again when one has gone, or another node`;
      return problemDocument({ code: "QUORATE_BUSY", message, retry: "elsewhere", outcome: "not-applied" });
    }
    events.add(exchange.env.outgoing, exchange.req.query("messages") === "1");
    return RESPONSE_ALREADY_SENT;
  });
}

/** One event as the browser's `EventSource` reads it. JSON holds no line ends, so one `data` line is enough. */
function eventText(kind: Kind | "status" | "missed", id: number, data: object): string {
  return `event: ${kind}\nid: ${id}\ndata: ${JSON.stringify(data, withoutBytes)}\n\n`;
}

/** For `JSON.stringify`. Payloads are opaque, and large: their length says enough. */
export function withoutBytes(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const original = this[key]; // a Buffer arrives in `value` as the array its toJSON makes
  return original instanceof Uint8Array ? { bytes: original.length } : value;
}
