import { afterEach, beforeEach, expect, test } from "vitest";
import type { TotalOrderRequest } from "../../../protocols/total-order/index.ts";
import { Waiters } from "../../node/waiter.ts";
import { Sends } from "./sends.ts";

let waiters: Waiters;
let sends: Sends;
let asked: number[];
let told: string[];
beforeEach(() => {
  waiters = new Waiters(() => {});
  sends = new Sends(waiters, 100);
  asked = [];
  told = [];
});
afterEach(() => waiters.close(undefined));

const request = (ask: TotalOrderRequest): void => {
  if (ask.kind === "multicast") asked.push(ask.id);
};

function send(name: string, { isRepeatable = false, timeoutMs = 60_000, bytes = 1 } = {}): () => void {
  return sends.submit(
    {
      payload: new Uint8Array(bytes),
      isRepeatable,
      committed: (position) => told.push(`${name} at ${position}`),
      failed: ({ code, outcome }) => told.push(`${name} ${code} ${outcome}`),
    },
    { timeoutMs },
  );
}

test("what waits for a membership is sent in order when there is one, and ends where it is delivered", () => {
  send("a");
  send("b");
  expect(asked).toEqual([]);

  sends.begin(request);
  sends.delivered(1, 7);
  sends.delivered(2, 8);

  expect(asked).toEqual([1, 2]);
  expect(told).toEqual(["a at 7", "b at 8"]);
  expect(waiters.count).toBe(0);
});

test("an incarnation's end: what may be out has an unknown fate, what was not sent goes with the next", () => {
  sends.begin(request);
  send("out");
  send("kept");
  send("repeatable", { isRepeatable: true });

  sends.unknown(1);
  sends.refused(2, "ended");
  sends.unknown(3);
  sends.end();
  sends.begin(request);

  expect(told).toEqual(["out QUORATE_UNDELIVERED unknown"]);
  expect(asked).toEqual([1, 2, 3, 4, 5]);
  sends.delivered(4, 1);
  expect(told.at(-1)).toBe("kept at 1");
});

test("a refusal says what was refused, and that nothing was sent", () => {
  sends.begin(request);
  send("full");
  send("leaving");

  sends.refused(1, "backlog-full");
  sends.refused(2, "leaving");

  expect(told).toEqual(["full QUORATE_BUSY not-applied", "leaving QUORATE_CLOSED not-applied"]);
  expect(() => send("large", { bytes: 101 })).toThrow(expect.objectContaining({ code: "QUORATE_TOO_LARGE" }));
});

test("what a machine waits for is over when it is applied: until then it can still be given up", () => {
  sends.begin(request);
  const end = send("applied", { isRepeatable: true });
  send("not applied", { isRepeatable: true });
  sends.delivered(1, 1);
  sends.delivered(2, 2);
  end();

  waiters.close(undefined);

  expect(told).toEqual(["applied at 1", "not applied at 2", "not applied QUORATE_CLOSED unknown"]);
});

test("more bytes than may wait are refused, and room is given back", () => {
  sends = new Sends(waiters, 2 ** 25);
  sends.begin(request);
  const end = send("most", { bytes: 2 ** 25 });

  expect(() => send("more")).toThrow(expect.objectContaining({ code: "QUORATE_BUSY", outcome: "not-applied" }));
  end();

  expect(() => send("now")).not.toThrow();
});

test("as much as may wait finds room, however slowly it is sent", () => {
  expect(() => {
    for (let count = 0; count < 20_000; count++) send("small");
  }).not.toThrow();
  expect(() => send("one more")).toThrow(expect.objectContaining({ code: "QUORATE_BUSY" }));
});

test("what was out when the member left has an unknown fate; what was not was certainly not sent", () => {
  sends.begin(request);
  send("out");
  sends.unknown(1);
  sends.end();
  send("parked");
  waiters.close(undefined);
  expect(told).toEqual(["out QUORATE_UNDELIVERED unknown", "parked QUORATE_CLOSED not-applied"]);
});

test("what is out when the member leaves has an unknown fate", () => {
  sends.begin(request);
  send("out");
  waiters.close(undefined);

  expect(told).toEqual(["out QUORATE_UNDELIVERED unknown"]);
});
