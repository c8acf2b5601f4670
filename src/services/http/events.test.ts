import { type IncomingMessage, request } from "node:http";
import { expect, test } from "vitest";
import { type Served, serve } from "../../../test/support/served.ts";

interface Event {
  readonly kind: string;
  readonly id: number;
  readonly data: Record<string, unknown>;
}

/** A reader of events, as a browser's `EventSource` would parse them. */
class Reader {
  readonly #response: IncomingMessage;
  readonly #chunks: AsyncIterator<string>;
  #text = "";

  constructor(response: IncomingMessage) {
    this.#response = response.setEncoding("utf8");
    this.#chunks = response[Symbol.asyncIterator]();
  }

  static open(served: Served, path = "/events"): Promise<Reader> {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: served.server.port, path, agent: false };
      request(options, (response) => resolve(new Reader(response)))
        .on("error", reject)
        .end();
    });
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  /** The next event; `undefined` at the end of the stream. */
  async next(): Promise<Event | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end !== -1) {
        const fields = new Map(
          this.#text
            .slice(0, end)
            .split("\n")
            .map((line) => line.split(/: (.*)/s) as [string, string]),
        );
        this.#text = this.#text.slice(end + 2);
        if (!fields.has("event")) continue;
        const data = JSON.parse(fields.get("data") ?? "") as Record<string, unknown>;
        return { kind: fields.get("event") ?? "", id: Number(fields.get("id")), data };
      }
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#text += value;
    }
  }

  async take(count: number): Promise<Event[]> {
    const events: Event[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  pause(): void {
    this.#response.pause();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#response.once("close", resolve).destroy();
    });
  }
}

const message = { kind: "message", direction: "sent", peer: "n2", message: { kind: "vote" } } as const;

test("a listener hears the node's status first, then what happens, numbered", async () => {
  await using served = await serve();
  const reader = await Reader.open(served);

  await served.send("POST /sCreate", "1");
  served.node.emit({ kind: "role", role: "leader", term: 2 });
  const [status, commit, role] = await reader.take(3);

  expect(status).toMatchObject({ kind: "status", data: { id: "n1", role: "leader" } });
  expect(commit).toMatchObject({ kind: "commit", data: { index: 1 } });
  expect(role).toMatchObject({ kind: "role", id: (commit?.id ?? 0) + 1, data: { term: 2 } });
});

test("messages go only to those who ask for them", async () => {
  await using served = await serve();
  const plain = await Reader.open(served);
  const full = await Reader.open(served, "/events?messages=1");
  await Promise.all([plain.next(), full.next()]);

  served.node.emit(message);
  served.node.emit({ kind: "commit", index: 9 });
  const [heard, overheard] = await Promise.all([plain.take(1), full.take(2)]);

  expect(heard.map(({ kind }) => kind)).toEqual(["commit"]);
  expect(overheard.map(({ kind }) => kind)).toEqual(["message", "commit"]);
});

test("payloads are shown by their length", async () => {
  await using served = await serve();
  const reader = await Reader.open(served, "/events?messages=1");
  await reader.next();

  served.node.emit({ ...message, message: { bytes: new Uint8Array(3), buffer: Buffer.alloc(4) } });
  const event = await reader.next();

  expect(event?.data.message).toEqual({ bytes: { bytes: 3 }, buffer: { bytes: 4 } });
});

test("the node is watched only while somebody listens", async () => {
  await using served = await serve();
  const counts = () => [served.node.listenerCount("commit"), served.node.listenerCount("message")];

  const before = counts();
  const plain = await Reader.open(served);
  const full = await Reader.open(served, "/events?messages=1");
  const during = counts();
  await Promise.all([plain.close(), full.close()]);
  await expect.poll(counts).toEqual([0, 0]);

  expect([before, during]).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test("a listener that falls behind is told how many events it missed", async () => {
  await using served = await serve();
  const reader = await Reader.open(served, "/events?messages=1");
  await reader.next();
  reader.pause();
  const large = { ...message, message: { text: "x".repeat(512 * 1024) } };

  let sent = 0;
  for (; sent < 64; sent++) {
    served.node.emit(large); // 32 MiB: more than the sockets between us hold
    await new Promise(setImmediate);
  }
  const kinds: string[] = [];
  let missed = 0;
  const nudge = setInterval(() => served.node.emit({ kind: "commit", index: 1 }), 5);
  for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
    if (event.kind === "missed") missed += Number(event.data.count);
    if (event.kind === "message") kinds.push(event.kind);
    if (event.kind === "commit" && missed > 0) break;
  }
  clearInterval(nudge);

  expect(missed).toBeGreaterThan(0);
  expect(kinds.length).toBeLessThan(sent);
});

test("one listener too many is refused, and the place of one who left is free", async () => {
  await using served = await serve();
  const readers = await Promise.all(Array.from({ length: 64 }, () => Reader.open(served)));

  const refused = await served.send("GET /events");
  await readers[0]?.close();
  await expect.poll(async () => (await Reader.open(served)).status).toBe(200);

  expect(refused.status).toBe(503);
  expect(refused.json()).toMatchObject({ error: { code: "QUORATE_BUSY" } });
});

test("closing the server ends the streams", async () => {
  const served = await serve();
  const reader = await Reader.open(served);
  await reader.next();

  const closed = served.server.close();
  const last = await reader.next();
  await closed;

  expect(last).toBeUndefined();
});
