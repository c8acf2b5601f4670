import { expect, test } from "vitest";
import { tell } from "../../../test/support/operations.ts";
import { judgeAvailability, judgeCounter, judgeEcho, judgeOutcomes, judgeUniqueIds } from "../index.ts";

test("an echo that comes back changed is found; equal fields in another order are no change", () => {
  const history = tell(
    ["0 echo", { a: 1, b: [2] }, "ok", { b: [2], a: 1 }],
    ["1 echo", "x", "ok", "y"],
    ["2 echo", "z", "info"],
  );

  const { valid, anomalies, figures } = judgeEcho(history);

  expect(valid).toBe(false);
  expect(anomalies).toEqual([{ name: "wrong-echo", explanation: '"x" came back as "y".', events: [2] }]);
  expect(figures).toEqual({ answered: 2 });
});

test("an id that was given twice is found; a number and its text are two ids", () => {
  const distinct = tell(["0 generate", null, "ok", 1], ["1 generate", null, "ok", "1"], ["2 generate", null, "fail"]);
  const twice = tell(["0 generate", null, "ok", { node: 1 }], ["1 generate", null, "ok", { node: 1 }]);

  expect(judgeUniqueIds(distinct)).toEqual({
    valid: true,
    anomalies: [],
    figures: { attempted: 3, acknowledged: 2, duplicated: 0 },
  });
  expect(judgeUniqueIds(twice).anomalies).toEqual([
    { name: "duplicate-id", explanation: 'The id {"node":1} was given 2 times.', events: [0, 2] },
  ]);
});

test("a counter may count additions that nobody knows of, and none that failed", () => {
  const additions = tell(
    ["0 add", 5, "ok", 5],
    ["1 add", 3, "info"],
    ["2 add", 100, "fail"],
    ["3 add", -2, "info"],
    ["4 add", 7],
  );
  const verdicts = Array.from({ length: 20 }, (_, sum) => {
    return judgeCounter([...additions, ...tell([`9 read final`, null, "ok", sum])]).valid;
  });

  const accepted = [...verdicts.keys()].filter((sum) => verdicts[sum] === true);

  expect(accepted).toEqual([3, 5, 6, 8, 10, 12, 13, 15]);
});

test("a wrong sum is explained, what is no whole number is wrong, and without a final read nothing is known", () => {
  const wrong = judgeCounter(tell(["0 add", 1, "ok", 1], ["0 read final", null, "ok", 2]));
  const garbage = judgeCounter(tell(["0 read final", null, "ok", "0"]));
  const unread = judgeCounter(tell(["0 add", 1, "ok", 1], ["0 read", null, "ok", 7]));

  expect(wrong.anomalies[0]?.explanation).toBe("A final read gave 2, but the additions sum up to 1.");
  expect(garbage.valid).toBe(false);
  expect(unread.valid).toBe("unknown");
});

test("more ranges of sums than are kept make a sum between them unknown, and one outside wrong", () => {
  const additions = tell(...Array.from({ length: 20 }, (_, at) => [`${at} add`, 4 ** at, "info"] as const));
  const judge = (sum: number) => judgeCounter([...additions, ...tell(["99 read final", null, "ok", sum])]).valid;

  expect(judge(2)).toBe("unknown");
  expect(judge(-1)).toBe(false);
});

test("availability is the share of requests that succeeded, against what is wanted", () => {
  const history = tell(
    ["0 read", null, "ok", 1],
    ["1 read", null, "info"],
    ["2 read", null, "ok", 1],
    ["3 read", null],
  );

  expect(judgeAvailability(history).figures).toEqual({ invoked: 4, ok: 2, okFraction: 0.5 });
  expect(judgeAvailability(history).valid).toBe(true);
  expect(judgeAvailability(history, 0.5).valid).toBe(true);
  expect(judgeAvailability(history, 0.6).valid).toBe(false);
  expect(judgeAvailability(history, "total").anomalies[0]?.explanation).toBe(
    "2 of 4 requests succeeded (0.50000), and all of them should.",
  );
  expect(judgeAvailability([], "total").valid).toBe(true);
  expect(judgeAvailability(tell(["0 poll", null, "ok", 1], ["1 crash", null, "info"]), "total").valid).toBe(true);
});

test("a function of which no request succeeded makes a test invalid", () => {
  const history = tell(["0 read", null, "ok", 1], ["1 write", 1, "fail"], ["2 write", 1], ["3 crash", null, "info"]);

  const { valid, anomalies, figures } = judgeOutcomes(history);

  expect(valid).toBe(false);
  expect(anomalies.map(({ explanation }) => explanation)).toEqual(["None of 2 requests of write succeeded."]);
  expect(figures).toMatchObject({ count: 4, ok: 1, fail: 1, info: 2, byFunction: { read: { count: 1, ok: 1 } } });
});
