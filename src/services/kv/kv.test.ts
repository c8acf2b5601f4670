import { expect, test } from "vitest";
import { serve } from "../../../test/support/served.ts";

const leader = "127.0.0.1:12379";

test("the classic form stores a value and reads it back", async () => {
  await using served = await serve();

  const stored = await served.send("PUT /", '{"key":"a","value":"1"}');
  const read = await served.send("GET /?key=a");
  const missing = await served.send("GET /?key=b");

  expect([stored.status, stored.json()]).toEqual([200, { leader, key: "a", value: "1" }]);
  expect([read.status, read.json()]).toEqual([200, { leader, key: "a", value: "1" }]);
  expect(missing.status).toBe(404);
  expect(missing.json()).toMatchObject({ error: { code: "QUORATE_NOT_FOUND" } });
});

test("a key may hold slashes, encoded or not, and anything else percent-encoded", async () => {
  await using served = await serve();
  const key = "a/b c/ü?#%\n";

  await served.send(`PUT /v1/kv/${encodeURIComponent(key)}`, '{"value":"1"}');
  const read = await served.send(`GET /v1/kv/a/b%20c/${encodeURIComponent("ü?#%\n")}`);

  expect(read.json()).toMatchObject({ key, value: "1" });
});

test("If-Match stores only over the version that was read", async () => {
  await using served = await serve();
  const put = (headers: Record<string, string>, value: string) =>
    served.send("PUT /v1/kv/a", { headers, body: JSON.stringify({ value }) });

  const created = await put({}, "1");
  const etag = String(created.headers.etag);
  const replaced = await put({ "if-match": etag }, "2");
  const late = await put({ "if-match": etag }, "3");
  const read = await served.send("GET /v1/kv/a");

  expect([created.status, replaced.status, late.status]).toEqual([201, 200, 412]);
  expect(late.headers.etag).toBe(replaced.headers.etag);
  expect(late.json()).toMatchObject({ error: { code: "QUORATE_VERSION_MISMATCH", outcome: "not-applied" } });
  expect(read.json()).toMatchObject({ value: "2" });
});

test("If-None-Match: * stores only what is not there yet", async () => {
  await using served = await serve();
  const sent = { headers: { "if-none-match": "*" }, body: '{"value":"1"}' };

  const first = await served.send("PUT /v1/kv/a", sent);
  const second = await served.send("PUT /v1/kv/a", sent);

  expect([first.status, second.status]).toEqual([201, 412]);
});

test("a reader that has the version already is told so without the value", async () => {
  await using served = await serve();
  const { headers } = await served.send("PUT /v1/kv/a", '{"value":"1"}');
  const etag = String(headers.etag);

  const same = await served.send("GET /v1/kv/a", { headers: { "if-none-match": `"x", W/${etag}` } });
  const other = await served.send("GET /v1/kv/a", { headers: { "if-none-match": '"999"' } });

  expect([same.status, same.text, same.headers.etag]).toEqual([304, "", etag]);
  expect(other.status).toBe(200);
});

test("a key is deleted in the version that was read, or whatever it is", async () => {
  await using served = await serve();
  const remove = (headers: Record<string, string>) => served.send("DELETE /v1/kv/a", { headers });
  const { headers } = await served.send("PUT /v1/kv/a", '{"value":"1"}');

  const wrong = await remove({ "if-match": '"999"' });
  const right = await remove({ "if-match": String(headers.etag) });
  const gone = await remove({});
  const goneConditionally = await remove({ "if-match": String(headers.etag) });

  expect([wrong, right, gone, goneConditionally].map(({ status }) => status)).toEqual([412, 204, 404, 412]);
});

test.each([
  ['"0"', 412], // version 0 means "none" to the machine, and must not slip through
  ['W/"1"', 412],
  ['"x"', 412],
  ["*", 400],
  ['"1", "2"', 400],
  ["1", 400],
])("If-Match: %s creates nothing and is answered %i", async (tag, status) => {
  await using served = await serve();

  const answer = await served.send("PUT /v1/kv/new", { headers: { "if-match": tag }, body: '{"value":"1"}' });
  const read = await served.send("GET /v1/kv/new");

  expect([answer.status, read.status]).toEqual([status, 404]);
});

test("keys are listed by prefix, page by page", async () => {
  await using served = await serve();
  for (const key of ["a/1", "a/2", "a/3", "b"]) await served.send(`PUT /v1/kv/${key}`, '{"value":"x"}');

  const first = (await served.send("GET /v1/kv?prefix=a/&limit=2")).json();
  const rest = (await served.send("GET /v1/kv?prefix=a/&limit=2&after=a/2")).json();

  expect(first).toMatchObject({ keys: [{ key: "a/1" }, { key: "a/2" }], next: "a/2" });
  expect(rest).toMatchObject({ keys: [{ key: "a/3" }], next: null });
});

test("the same Idempotency-Key given to two services names two requests", async () => {
  await using served = await serve();
  const headers = { "idempotency-key": "k".repeat(256) };

  const stored = await served.send("PUT /v1/kv/a", { headers, body: '{"value":"1"}' });
  const again = await served.send("PUT /v1/kv/a", { headers, body: '{"value":"1"}' });
  const appended = await served.send("POST /request", { headers, body: '{"entry":"x"}' });

  expect([stored.status, again.status, appended.status]).toEqual([201, 201, 200]);
  expect(again.json()).toEqual(stored.json());
});

test.each([
  ["GET /", ""],
  ["GET /?key=", ""],
  [`GET /?key=${"x".repeat(4097)}`, ""],
  ["PUT /", '{"key":"","value":"1"}'],
  ["PUT /", '{"key":"a"}'],
  ["PUT /", '{"key":"a","value":"1","more":1}'],
  ["PUT /v1/kv/a", '{"value":null}'],
  ["GET /v1/kv/%zz", ""],
])("%s [%s] is malformed", async (call, body) => {
  await using served = await serve();

  const answer = await served.send(call, body);

  expect(answer.status).toBe(400);
  expect(answer.json()).toMatchObject({ error: { code: "QUORATE_MALFORMED", outcome: "not-applied" } });
});
