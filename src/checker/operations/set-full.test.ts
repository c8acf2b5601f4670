import { expect, test } from "vitest";
import { tell } from "../../../test/support/operations.ts";
import { judgeSetFull, type OperationEvent } from "../index.ts";

const names = (history: readonly OperationEvent[]): string[] => judgeSetFull(history).anomalies.map(({ name }) => name);

test("elements that every later read has are stable; how long that took is told", () => {
  const history = tell(
    ["0 add", "a", "ok", "a"], // 0 and 1 ms
    ["0 read", null, "ok", []], // 2 and 3 ms: a is known, and missing
    ["1 read", null, "ok", ["a"]],
    ["0 add", "b", "info"],
    ["1 read", null, "ok", ["b", "a"]],
  );

  const { valid, figures } = judgeSetFull(history);

  expect(valid).toBe(true);
  expect(figures).toMatchObject({
    attempted: 2,
    stable: 2,
    lostCount: 0,
    staleCount: 1,
    stale: ["a"],
    worstStale: [{ element: "a", stableLatencyMs: 1 }],
    stableLatenciesMs: { 0: 0, 0.5: 1, 0.95: 1, 0.99: 1, 1: 1 },
  });
});

test("an element that was acknowledged and is in no later read is lost", () => {
  const history = tell(["0 broadcast", 7, "ok", 7], ["0 broadcast", 8, "ok", 8], ["0 read", null, "ok", [8]]);

  const { valid, anomalies, figures } = judgeSetFull(history);

  expect(valid).toBe(false);
  expect(figures.lost).toEqual([7]);
  expect(anomalies).toEqual([
    {
      name: "lost",
      explanation:
        "7 was added at 0.000 s and known to exist at 0.001 s; no read has it, " +
        "and the read called at 0.004 s is without it.",
      events: [0, 1, 4],
    },
  ]);
});

test("one that was read and then never again is lost, even if its addition was never acknowledged", () => {
  expect(names(tell(["0 add", 1, "info"], ["1 read", null, "ok", [1]], ["1 read", null, "ok", []]))).toEqual(["lost"]);
});

test("one that nobody knows to exist, or that only a concurrent read misses, is not lost", () => {
  const unknown = tell(["0 add", 1, "info"], ["1 read", null, "ok", []]);
  const concurrent: OperationEvent[] = [
    { process: 1, type: "invoke", f: "read", value: null, timeNs: 0 },
    ...tell(["0 add", 1, "ok", 1]),
    { process: 1, type: "ok", f: "read", value: [], timeNs: 9 },
  ];

  expect(judgeSetFull(unknown)).toMatchObject({ valid: "unknown", figures: { neverReadCount: 1 } });
  expect(judgeSetFull(concurrent)).toMatchObject({ valid: "unknown", figures: { neverReadCount: 1 } });
});

test("elements twice in a read, elements that nobody added, and what is no list are wrong", () => {
  expect(names(tell(["0 add", 1, "ok", 1], ["0 read", null, "ok", [1, 1]]))).toEqual(["duplicated"]);
  expect(names(tell(["0 add", 1, "ok", 1], ["0 read", null, "ok", [1, "1"]]))).toEqual(["unexpected"]);
  expect(names(tell(["0 add", 1, "ok", 1], ["0 read", null, "ok", { 1: 1 }]))).toEqual(["malformed", "lost"]);
});

test("twenty thousand requests are checked well within the time of a test", () => {
  const history: OperationEvent[] = [];
  const seen: number[] = [];
  for (let at = 0; at < 20_000; at++) {
    const isRead = at % 100 === 99;
    if (!isRead) seen.push(at);
    history.push({ process: 0, type: "invoke", f: isRead ? "read" : "add", value: isRead ? null : at, timeNs: at });
    const value = isRead ? seen.slice() : at;
    history.push({
      process: 0,
      type: "ok",
      f: isRead ? "read" : "add",
      value: at % 1000 === 999 || !isRead ? value : seen.slice(-1),
      timeNs: at,
    });
  }

  const { valid, figures } = judgeSetFull(history);

  expect([valid, figures.stable]).toEqual([true, 19_800]);
});
