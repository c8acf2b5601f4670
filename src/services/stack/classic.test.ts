import { expect, test } from "vitest";
import { serve } from "../../../test/support/served.ts";

test("the classic calls answer one line each, as curl shows them", async () => {
  await using served = await serve();
  const calls = [
    ["/sCreate", "1"],
    ["/sId", "1"],
    ["/sPush", "1,10"],
    ["/sPush", "1,20"],
    ["/sTop", "1"],
    ["/sSize", "1"],
    ["/sPop", "1"],
    ["/sPop", "1"],
    ["/sSize", "1"],
  ] as const;

  const lines: string[] = [];
  for (const [path, body] of calls) {
    const { status, text } = await served.send(`POST ${path}`, body);
    lines.push(`${status} ${text}`);
  }

  const values = ["1", "1", "10", "20", "20", "2", "20", "10", "0"];
  expect(lines).toEqual(values.map((value) => `200 ${value}\n`));
});

test.each([
  ["/sCreate", "1", 409, "QUORATE_EXISTS"],
  ["/sCreate", "", 400, "QUORATE_MALFORMED"],
  ["/sCreate", "a,b", 400, "QUORATE_MALFORMED"],
  ["/sCreate", "x".repeat(257), 400, "QUORATE_MALFORMED"],
  ["/sId", "2", 404, "QUORATE_NOT_FOUND"],
  ["/sPush", "1", 400, "QUORATE_MALFORMED"],
  ["/sPush", "2,10", 404, "QUORATE_NOT_FOUND"],
  ["/sPop", "1", 410, "QUORATE_EMPTY"],
  ["/sPop", "2", 404, "QUORATE_NOT_FOUND"],
  ["/sTop", "1", 410, "QUORATE_EMPTY"],
  ["/sTop", "2", 404, "QUORATE_NOT_FOUND"],
  ["/sSize", "2", 404, "QUORATE_NOT_FOUND"],
])("%s with [%s] is refused with %i, on one line", async (path, body, status, code) => {
  await using served = await serve();
  await served.send("POST /sCreate", "1");

  const answer = await served.send(`POST ${path}`, body);

  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(new RegExp(`^${code}: .* \\[not-applied\\]\\n$`));
});

test("a value is everything after the first comma, without the line end that an editor adds", async () => {
  await using served = await serve();
  await served.send("POST /sCreate", "a b\n");

  const pushed = await served.send("POST /sPush", "a b,1,2\nthree\r\n");
  const popped = await served.send("POST /sPop", "a b\n");

  expect(pushed.text).toBe("1,2\nthree\n");
  expect(popped.text).toBe("1,2\nthree\n");
});

test("a push repeated with its Idempotency-Key happens once; another request under that key is refused", async () => {
  await using served = await serve();
  await served.send("POST /sCreate", "1");
  const headers = { "idempotency-key": "k" };

  const first = await served.send("POST /sPush", { headers, body: "1,10" });
  const again = await served.send("POST /sPush", { headers, body: "1,10" });
  const other = await served.send("POST /sPush", { headers, body: "1,11" });
  const size = await served.send("POST /sSize", "1");

  expect([first.text, again.text, size.text]).toEqual(["10\n", "10\n", "1\n"]);
  expect(other.status).toBe(422);
});

test.each([
  ["leaderless", 503, "QUORATE_NO_LEADER", "not-applied"],
  ["busy", 503, "QUORATE_BUSY", "not-applied"],
  ["unknown", 504, "QUORATE_OUTCOME_UNKNOWN", "unknown"],
] as const)("a push at a node that is %s gets %i and says what became of it", async (mood, status, code, outcome) => {
  await using served = await serve();
  await served.send("POST /sCreate", "1");
  served.node.mood = mood;

  const answer = await served.send("POST /sPush", "1,10");

  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(new RegExp(`^${code}: .* \\[${outcome}\\]\\n$`));
  expect(answer.headers["retry-after"]).toBe(status === 503 ? "1" : undefined);
});
