import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { CommandFailure } from "../exit.ts";
import { type Ask, ask } from "./client.ts";

type Behave = (request: IncomingMessage, response: ServerResponse) => void;

interface Seen {
  readonly node: string;
  readonly key: string | undefined;
}

let servers: Server[] = [];
let seen: Seen[] = [];

/** A server that does what it is told, request by request, the last behaviour from then on. */
async function serve(node: string, ...behaviours: Behave[]): Promise<string> {
  let count = 0;
  const server = createServer((request, response) => {
    if (request.url === "/livez" && behaviours[0] !== stopped) {
      response.end();
      return;
    }
    seen.push({ node, key: request.headers["idempotency-key"]?.toString() });
    behaviours[Math.min(count++, behaviours.length - 1)]?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function deadEndpoint(): Promise<string> {
  const url = await serve("gone");
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  return url;
}

afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
  seen = [];
});

const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Behave =>
  (_, response) =>
    response.writeHead(status, headers).end(JSON.stringify(body));
const refuse = answer(503, { error: { message: "no leader", outcome: "not-applied" } }, { "retry-after": "0.02" });
const lost = answer(504, { error: { message: "no answer", outcome: "unknown" } });
const hangUp: Behave = (request) => request.socket.destroy();
const silent: Behave = () => undefined;
const stopped: Behave = () => undefined; // not even a sign of life
const push: Ask = { method: "POST", path: "/v1/stacks/1/push", body: { value: "x" } };

async function failureOf(endpoints: string[], request = push, timeoutMs = 300): Promise<CommandFailure> {
  const failure = await ask(request, { endpoints, timeoutMs, tryTimeoutMs: 100, key: "k" }).catch((error) => error);
  if (!(failure instanceof CommandFailure)) throw new Error(`no failure: ${String(failure)}`);
  return failure;
}

describe("a write goes on with the same key", () => {
  test.each([
    ["past a node that is gone", deadEndpoint],
    ["past a node that refuses", () => serve("first", refuse)],
    ["past a node that lost the outcome", () => serve("first", lost)],
    ["past a node that hangs up", () => serve("first", hangUp)],
    ["past a node that says nothing", () => serve("first", silent)],
    ["past a node that is stopped", () => serve("first", stopped)],
  ])("%s", async (_, first) => {
    const endpoints = [await first(), await serve("second", answer(200, { size: 1 }))];

    const result = await ask(push, { endpoints, timeoutMs: 3000, tryTimeoutMs: 100, key: "k1" });

    expect(result.status).toBe(200);
    expect(new Set(seen.map(({ key }) => key ?? "k1"))).toEqual(new Set(["k1"]));
    expect(seen.at(-1)?.node).toBe("second");
  });

  test("to the same node again once its Retry-After is over", async () => {
    const endpoints = [await serve("only", refuse, refuse, answer(200, {}))];

    const result = await ask(push, { endpoints, timeoutMs: 3000, key: "k" });

    expect(result.status).toBe(200);
    expect(seen).toHaveLength(3);
  });
});

test("an answer that another node would give as well is final", async () => {
  const endpoints = [
    await serve("first", answer(404, { error: { message: "no such stack" } })),
    await serve("second", refuse),
  ];

  const result = await ask(push, { endpoints, timeoutMs: 1000, key: "k" });

  expect(result.status).toBe(404);
  expect(seen).toHaveLength(1);
});

describe("giving up", () => {
  test("after refusals only: certainly not applied, exit 69", async () => {
    const failure = await failureOf([
      await serve("first", refuse),
      await deadEndpoint(),
      await serve("third", stopped),
    ]);

    expect(failure.exit).toBe(69);
    expect(failure.message).toContain("nothing was applied");
    expect(failure.message).toContain("503 no leader");
  });

  test.each([
    ["a lost outcome", lost],
    ["a broken connection", hangUp],
    ["silence", silent],
    ["a server error without a word", answer(500, {})],
  ])("after %s: outcome unknown, exit 2, although refusals followed", async (_, behave) => {
    const failure = await failureOf([await serve("first", behave, refuse)]);

    expect(failure.exit).toBe(2);
    expect(failure.message).toContain("--idempotency-key k");
  });

  test("does not begin a try that would be cut off, when refusals take their time", async () => {
    const slow: Behave = (request, response) => void setTimeout(() => refuse(request, response), 100);

    const failure = await ask(push, { endpoints: [await serve("first", slow)], timeoutMs: 700, key: "k" }).catch(
      (e) => e,
    );

    expect(failure.exit).toBe(69);
    expect(seen.length).toBeGreaterThan(1);
  });

  test("of a read is never unknown", async () => {
    const failure = await failureOf([await serve("first", hangUp)], { method: "GET", path: "/v1/stacks" });

    expect(failure.exit).toBe(69);
  });

  test("does not wait for a Retry-After beyond the deadline", async () => {
    const late = answer(503, {}, { "retry-after": "60" });
    const started = performance.now();

    await failureOf([await serve("first", late)], push, 20_000);

    expect(performance.now() - started).toBeLessThan(2000);
  });
});
