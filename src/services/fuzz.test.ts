import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Served, serve } from "../../test/support/served.ts";

const paths = [
  ...["/sCreate", "/sId", "/sPush", "/sPop", "/sTop", "/sSize", "/v1/stacks", "/v1/stacks/1", "/v1/stacks/1/push"],
  ...["/members", "/members/n2", "/members/n2/promote", "/leader", "/snapshot"],
  ...["/v1/stacks/1/pop", "/v1/stacks/1/top", "/request", "/log", "/", "/v1/kv", "/v1/kv/a", "/status", "/health"],
];
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD");
const word = fc.oneof(
  fc.constantFrom("1", "a,b", "-1", "1e999", "%", "%00", "%2e%2e", "..", "*", '"1"', "constructor", "__proto__"),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const names = [
  "id",
  "value",
  "entry",
  "key",
  "__proto__",
  "limit",
  "after",
  "index",
  "prefix",
  "consistency",
  "messages",
];
const json = fc.oneof(
  fc.json(),
  fc
    .dictionary(fc.constantFrom(...names), fc.oneof(word, fc.integer(), fc.constant(null)))
    .map((o) => JSON.stringify(o)),
);
const body = fc.oneof(json, word, fc.uint8Array({ maxLength: 200 }));
const path = fc
  .tuple(
    fc.constantFrom(...paths),
    fc.array(word, { maxLength: 2 }),
    fc.array(fc.tuple(fc.constantFrom(...names), word)),
  )
  .map(([base, parts, query]) => {
    const whole = parts.length === 0 ? base : `${base}/${parts.map(encode).join("/")}`;
    return `${whole}?${query.map(([name, value]) => `${name}=${encode(value)}`).join("&")}`;
  });
const headers = fc.dictionary(
  fc.constantFrom(
    "if-match",
    "if-none-match",
    "idempotency-key",
    "content-type",
    "origin",
    "expect",
    "accept-encoding",
  ),
  fc.string({ maxLength: 20 }).map((text) => text.trim()),
  { maxKeys: 2 },
);

/** Percent-encoded if it can be, otherwise made so. */
function encode(text: string): string {
  return /^[%.*\w-]*$/.test(text) ? text : encodeURIComponent(Buffer.from(text).toString());
}

async function isLive(served: Served): Promise<boolean> {
  return (await served.send("GET /livez")).status === 200;
}

test("no well-formed request, whatever it says, is answered with a failure of our own", async () => {
  const logged: unknown[] = [];
  await using served = await serve({ log: { error: (facts) => logged.push(facts) } });
  await served.send("POST /sCreate", "1");

  await fc.assert(
    fc.asyncProperty(method, path, headers, body, async (verb, target, extra, content) => {
      const answer = await served.send(`${verb} ${target}`, { headers: extra, body: content });
      const isRefused = answer.status >= 400 && answer.status !== 417 && verb !== "HEAD"; // 417: Node's own, without a body
      expect(answer.status).toBeLessThan(500);
      if (isRefused) expect(answer.text).toMatch(/QUORATE_[A-Z_]+/);
    }),
    { numRuns: 500 },
  );

  expect(logged).toEqual([]);
});

test("no bytes at all stop the server", async () => {
  const logged: unknown[] = [];
  await using served = await serve({ log: { error: (facts) => logged.push(facts) } });
  const head = 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 13\r\nIf-Match: "1"\r\n\r\n';
  const whole = Buffer.from(`${head}{"value":"1"}POST /sPush HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(3));

  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const bytes = changes.reduce((old, [at, byte, count]) => {
        const inserted = Buffer.alloc(count, byte); // none: a deletion
        return Buffer.concat([old.subarray(0, at), inserted, old.subarray(at + 1)]);
      }, whole);
      const socket = connect(served.server.port, "127.0.0.1").on("error", () => {}); // a reset is an answer
      socket.resume().end(bytes);
      await once(socket, "close");
    }),
    { numRuns: 300 },
  );

  expect(await isLive(served)).toBe(true);
  expect(logged).toEqual([]);
});
