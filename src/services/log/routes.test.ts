import { expect, test } from "vitest";
import { serve } from "../../../test/support/served.ts";

const leader = "127.0.0.1:12379";

test("an entry is committed at an index and read back from there", async () => {
  await using served = await serve();

  const first = await served.send("POST /request", '{"entry":"hello"}');
  const second = await served.send("POST /request", '{"entry":"world"}');
  const all = await served.send("GET /log?index=1");
  const rest = await served.send("GET /log?index=2");

  const entries = ["hello", "world"].map((entry, place) => ({ index: place + 1, entry }));
  expect(first.json()).toEqual({ success: true, leader, index: 1 });
  expect(second.json()).toEqual({ success: true, leader, index: 2 });
  expect(all.json()).toEqual({ leader, entries, last: 2, next: null });
  expect(rest.json()).toEqual({ leader, entries: entries.slice(1), last: 2, next: null });
});

test("a long log is read page by page", async () => {
  await using served = await serve();
  for (let count = 0; count < 5; count++) await served.send("POST /request", '{"entry":"x"}');

  const indexes: number[] = [];
  for (let next: number | null = 1; next !== null; ) {
    const page = (await served.send(`GET /log?index=${next}&limit=2`)).json();
    const { entries, next: following } = page as { entries: { index: number }[]; next: number | null };
    indexes.push(...entries.map(({ index }) => index));
    next = following;
  }

  expect(indexes).toEqual([1, 2, 3, 4, 5]);
});

test("reading behind the end shows no entries and where the end is", async () => {
  await using served = await serve();

  const { status, text } = await served.send("GET /log?index=9");

  expect([status, JSON.parse(text)]).toEqual([200, { leader, entries: [], last: 0, next: null }]);
});

test.each([
  ["POST /request", '{"entry":1}'],
  ["POST /request", '{"text":"hello"}'],
  ["POST /request", "hello"],
  ["POST /request", ""],
  ["GET /log?index=-1", ""],
  ["GET /log?index=1e3", ""],
  ["GET /log?limit=99999", ""],
])("%s [%s] is malformed", async (call, body) => {
  await using served = await serve();

  const answer = await served.send(call, body);

  expect(answer.status).toBe(400);
  expect(answer.json()).toMatchObject({ error: { code: "QUORATE_MALFORMED" } });
});
