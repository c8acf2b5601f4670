import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { type Served, serve } from "../../test/support/served.ts";
import { startHttp } from "./server.ts";

/** Sends bytes as they are; resolves with all that comes back until the server closes. */
async function raw(served: Served, bytes: string): Promise<string> {
  const socket = await dial(served);
  socket.write(bytes);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.on("error", () => {}); // a reset is as good as an end
  await once(socket, "close");
  return text;
}

async function dial(served: Served): Promise<Socket> {
  const socket = connect(served.server.port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

test("a body over the limit is refused by its announced length, and by its true one", async () => {
  await using served = await serve({ bodyBytesMax: 1000 });
  const body = `1,${"x".repeat(999)}`;
  const chunked = { "transfer-encoding": "chunked" };

  const announced = await served.send("POST /sPush", body);
  const unannounced = await served.send("POST /sPush", { headers: chunked, body });
  const within = await served.send("POST /sPush", { headers: chunked, body: body.slice(0, 1000) });

  expect([announced.status, unannounced.status, within.status]).toEqual([413, 413, 404]);
  expect(announced.text).toContain("QUORATE_TOO_LARGE");
  expect(served.node.applied).toBe(1);
});

test("a body that never ends is refused at the limit, and the connection is closed", async () => {
  await using served = await serve({ bodyBytesMax: 1000 });
  const socket = await dial(served);
  const head = "POST /sPush HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

  socket.write(head);
  socket.on("error", () => {}); // written after the close
  const flood = setInterval(() => socket.write(`800\r\n${"x".repeat(0x800)}\r\n`), 5);
  const [answer] = (await once(socket, "data")) as [Buffer];
  await once(socket, "close");
  clearInterval(flood);

  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
});

test("a client that asks before it sends a large body is told no at once", async () => {
  await using served = await serve({ bodyBytesMax: 1000 });
  const ask = (length: number) =>
    `POST /sPush HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  const large = await raw(served, ask(1001));
  const small = await raw(served, `${ask(4)}1,10`);

  expect(large).toMatch(/^HTTP\/1\.1 413 /);
  expect(small).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 404 /);
});

test.each([
  ["no HTTP at all", "hello\r\n\r\n", 400],
  ["no Host", "GET /livez HTTP/1.1\r\n\r\n", 400],
  ["an empty Host", "GET /livez HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 403],
  ["no Host in HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n", 403],
  ["a Host that is none", "GET /livez HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400],
  ["a target that is none", "GET livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400],
  ["a head that is too long", `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(17_000)}\r\n\r\n`, 431],
  ["two lengths", "POST /sPush HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1", 400],
])("a request with %s is refused, and the server goes on", async (_name, bytes, status) => {
  await using served = await serve();

  const answer = await raw(served, bytes);
  const next = await served.send("GET /livez");

  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(next.status).toBe(200);
});

test.each(["", "x".repeat(257), "a b", "ü"])("the Idempotency-Key [%s] is malformed", async (key) => {
  await using served = await serve();

  const answer = await served.send("POST /sCreate", {
    headers: { "idempotency-key": Buffer.from(key).toString("latin1") },
    body: "1",
  });

  expect(answer.status).toBe(400);
  expect(served.node.applied).toBe(0);
});

test("a client that goes away is not waited for any longer", async () => {
  await using served = await serve();
  const gone = new AbortController();
  served.node.mood = "held";

  const answer = served.send("POST /sCreate", { body: "1", signal: gone.signal });
  await expect.poll(() => served.node.waiting).toBe(1);
  gone.abort();

  await expect(answer).rejects.toThrow();
  await expect.poll(() => served.node.waiting).toBe(0);
});

test("closing lets requests in flight finish, refuses new ones and frees the port", async () => {
  const served = await serve();
  const idle = await dial(served);
  served.node.mood = "held";
  const held = served.send("POST /sCreate", "1");
  await expect.poll(() => served.node.waiting).toBe(1);
  const kept = await dial(served);
  kept.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n"); // half of a second one
  await once(kept, "data");

  const closed = served.server.close();
  kept.write("\r\n");
  const [late] = (await once(kept, "data")) as [Buffer];
  served.node.mood = "serving";
  const answer = await held;
  await closed;

  expect(late.toString()).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer.text).toBe("1\n");
  await expect(dial(served)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  idle.destroy();
  kept.destroy();
});

test("closing waits only so long for a request that hangs", async () => {
  const served = await serve({ drainMs: 50 });
  served.node.mood = "held";
  const held = served.send("POST /sCreate", "1").catch(() => "cut off");
  await expect.poll(() => served.node.waiting).toBe(1);

  await served.server.close();

  expect(await held).toBe("cut off");
});

test("a port that is taken, and a host that is not ours, are named", async () => {
  await using served = await serve();
  const { node, server } = served;

  const taken = startHttp({ node, host: "127.0.0.1", port: server.port });
  const foreign = startHttp({ node, host: "192.0.2.1", port: 0, insecure: true });

  await expect(taken).rejects.toMatchObject({ code: "QUORATE_ADDRESS_IN_USE" });
  await expect(foreign).rejects.toMatchObject({ code: "QUORATE_OPTION", option: "host" });
});

test("a failure of our own is a 500, and is logged", async () => {
  const logged: object[] = [];
  await using served = await serve({ log: { error: (facts) => logged.push(facts) } });
  served.node.status = () => {
    throw new TypeError("a bug");
  };

  const answer = await served.send("GET /status");

  expect(answer.status).toBe(500);
  expect(answer.json()).toMatchObject({ error: { code: "QUORATE_INTERNAL", outcome: "unknown" } });
  expect(logged).toMatchObject([{ err: { message: "a bug" }, path: "/status" }]);
});
