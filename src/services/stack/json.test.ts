import { expect, test } from "vitest";
import { serve } from "../../../test/support/served.ts";

test("a stack lives from its creation to its deletion", async () => {
  await using served = await serve();

  const created = await served.send("POST /v1/stacks", '{"id":7}');
  const pushed = await served.send("POST /v1/stacks/7/push", '{"value":"x"}');
  const top = await served.send("GET /v1/stacks/7/top");
  const seen = await served.send("GET /v1/stacks/7");
  const popped = await served.send("POST /v1/stacks/7/pop");
  const emptied = await served.send("GET /v1/stacks/7");
  const deleted = await served.send("DELETE /v1/stacks/7");
  const gone = await served.send("GET /v1/stacks/7");

  expect([created.status, created.headers.location, created.json()]).toEqual([201, "/v1/stacks/7", { id: "7" }]);
  expect(pushed.json()).toEqual({ size: 1 });
  expect(top.json()).toEqual({ value: "x" });
  expect(seen.json()).toEqual({ id: "7", size: 1, top: "x" });
  expect(popped.json()).toEqual({ value: "x", size: 0 });
  expect(emptied.json()).toEqual({ id: "7", size: 0, top: null });
  expect([deleted.status, gone.status]).toEqual([204, 404]);
});

test("a stack created without an id gets a free one, with an empty body too", async () => {
  await using served = await serve();

  const first = await served.send("POST /v1/stacks");
  const second = await served.send("POST /v1/stacks", "{}");

  expect([first.status, second.status]).toEqual([201, 201]);
  expect(first.json()).not.toEqual(second.json());
});

test("both forms see the same stacks, by number or by text", async () => {
  await using served = await serve();
  await served.send("POST /v1/stacks", '{"id":1}');
  await served.send("POST /v1/stacks/1/push", '{"value":"10"}');

  const { text } = await served.send("POST /sTop", "1");

  expect(text).toBe("10\n");
});

test("a list goes on where the last one ended", async () => {
  await using served = await serve();
  for (const id of ["a", "b", "c"]) await served.send("POST /v1/stacks", JSON.stringify({ id }));

  const first = await served.send("GET /v1/stacks?limit=2");
  const rest = await served.send("GET /v1/stacks?limit=2&after=b");

  const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, size: 0 }));
  expect(first.json()).toEqual({ stacks: [a, b], next: "b" });
  expect(rest.json()).toEqual({ stacks: [c], next: null });
});

test("ids with slashes, percent signs and umlauts are reached percent-encoded", async () => {
  await using served = await serve();

  for (const id of ["a/b", "100%", "Töpfe", "?#&", "%2F"]) {
    await served.send("POST /v1/stacks", JSON.stringify({ id }));
    const { status, text } = await served.send(`GET /v1/stacks/${encodeURIComponent(id)}`);
    expect([status, JSON.parse(text)]).toEqual([200, { id, size: 0, top: null }]);
  }
});

test.each([
  ["POST /v1/stacks", '{"id":"1"}', 409, "QUORATE_EXISTS"],
  ["POST /v1/stacks", '{"id":-1}', 400, "QUORATE_MALFORMED"],
  ["POST /v1/stacks", '{"id":".."}', 400, "QUORATE_MALFORMED"],
  ["POST /v1/stacks", '{"name":"x"}', 400, "QUORATE_MALFORMED"],
  ["POST /v1/stacks", "[]", 400, "QUORATE_MALFORMED"],
  ["POST /v1/stacks", "{", 400, "QUORATE_MALFORMED"],
  ["GET /v1/stacks?limit=0", "", 400, "QUORATE_MALFORMED"],
  ["GET /v1/stacks/2", "", 404, "QUORATE_NOT_FOUND"],
  ["GET /v1/stacks/%ff", "", 400, "QUORATE_MALFORMED"],
  ["GET /v1/stacks/1?consistency=eventual", "", 400, "QUORATE_MALFORMED"],
  ["GET /v1/stacks/1/top", "", 410, "QUORATE_EMPTY"],
  ["POST /v1/stacks/1/pop", "", 410, "QUORATE_EMPTY"],
  ["POST /v1/stacks/1/push", '{"value":1}', 400, "QUORATE_MALFORMED"],
  ["POST /v1/stacks/1/push", '{"value":"\\ud800"}', 400, "QUORATE_MALFORMED"],
  ["POST /v1/stacks/2/push", '{"value":"x"}', 404, "QUORATE_NOT_FOUND"],
  ["DELETE /v1/stacks/2", "", 404, "QUORATE_NOT_FOUND"],
  ["PATCH /v1/stacks/1", "", 405, "QUORATE_METHOD_NOT_ALLOWED"],
  ["GET /v2/stacks", "", 404, "QUORATE_NO_SUCH_PATH"],
])("%s [%s] is refused with %i", async (call, body, status, code) => {
  await using served = await serve();
  await served.send("POST /sCreate", "1");

  const answer = await served.send(call, body);

  expect(answer.status).toBe(status);
  expect(answer.json()).toMatchObject({ error: { code, retry: "never", outcome: "not-applied" } });
});

test("a stale read is answered without a leader, a linearizable one is not", async () => {
  await using served = await serve();
  await served.send("POST /sCreate", "1");
  served.node.mood = "leaderless";

  const stale = await served.send("GET /v1/stacks/1?consistency=stale");
  const linearizable = await served.send("GET /v1/stacks/1");

  expect(stale.status).toBe(200);
  expect(linearizable.status).toBe(503);
  expect(linearizable.json()).toMatchObject({ error: { code: "QUORATE_NO_LEADER", outcome: "not-applied" } });
});
