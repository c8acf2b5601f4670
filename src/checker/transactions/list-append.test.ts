import { expect, test } from "vitest";
import { type Told, tell, transact } from "../../../test/support/operations.ts";
import { type ConsistencyModel, judgeTransactions } from "../index.ts";

const judge = (consistency: ConsistencyModel, ...requests: readonly Told[]) =>
  judgeTransactions(tell(...requests), { model: "list-append", consistency: [consistency] });
const names = (consistency: ConsistencyModel, ...requests: readonly Told[]) =>
  judge(consistency, ...requests).anomalies.map(({ name }) => name);

test("transactions one after the other are strictly serializable", () => {
  const { valid, figures } = judge(
    "strict-serializable",
    transact(0, "append x 1; append y 1", "ok"),
    transact(1, "r x [1]; append x 2", "ok"),
    transact(0, "append x 3", "fail"),
    transact(1, "append x 4", "info"),
    transact(2, "r x [1, 2]; r y [1]; r z null", "ok"),
    transact(2, "r x [1, 2, 4]", "ok"),
  );

  expect(valid).toBe(true);
  expect(figures).toEqual({ transactions: 6, ok: 4, fail: 1, info: 1, anomalyCounts: {}, not: [] });
});

test("G0: writes of two transactions interleave", () => {
  const history = [
    transact(0, "append x 1; append y 1", "ok"),
    transact(1, "append x 2; append y 2", "ok"),
    transact(2, "r x [1, 2]; r y [2, 1]", "ok"),
  ];

  expect(names("read-uncommitted", ...history)).toEqual(["G0"]);
  expect(
    judge("read-uncommitted", ...history)
      .anomalies[0]?.explanation.split("\n")
      .slice(-3),
  ).toEqual([
    'T1 came before T2, because T2 appended 2 to key "x" on top of what T1 appended there.',
    'T2 came before T1, because T1 appended 1 to key "y" on top of what T2 appended there.',
    "So T1 came before itself: a contradiction.",
  ]);
});

test("G1a: a read of what was aborted", () => {
  const history = [
    transact(0, "append x 1", "fail"),
    transact(1, "r x [1]; r y []", "ok"),
    transact(1, "append y 1", "ok"),
  ];

  expect(names("read-committed", ...history)).toEqual(["G1a"]);
  expect(names("read-uncommitted", ...history)).toEqual([]);
});

test("a dirty update: what was aborted lies under what was not", () => {
  const history = [
    transact(0, "append x 1", "fail"),
    transact(1, "append x 2", "info"),
    transact(2, "append x 3", "ok"),
    transact(3, "r x [1, 2, 3]", "ok"),
  ];

  expect(names("read-committed", ...history)).toEqual(["G1a", "dirty-update"]);
});

test("G1b: a read of what its writer went on to write", () => {
  const history = [transact(0, "append x 1; append x 2", "ok"), transact(1, "r x [1]", "ok")];

  expect(names("read-committed", ...history)).toContain("G1b");
  expect(names("read-uncommitted", ...history)).toEqual([]);
});

test("G1c: two transactions observe each other", () => {
  const history = [transact(0, "append x 1; r y [1]", "ok"), transact(1, "append y 1; r x [1]", "ok")];

  expect(names("read-committed", ...history)).toEqual(["G1c"]);
  expect(names("read-uncommitted", ...history)).toEqual([]);
});

test("G-single: a transaction sees one half of another", () => {
  const history = [transact(0, "append x 1; append y 1", "ok"), transact(1, "r x [1]; r y []", "ok")];

  expect(names("consistent-view", ...history)).toEqual(["G-single"]);
  expect(names("snapshot-isolation", ...history)).toEqual(["G-single"]);
  expect(names("parallel-snapshot-isolation", ...history)).toEqual(["G-single"]);
  expect(names("read-committed", ...history)).toEqual([]);
});

test("G-nonadjacent: two readers see two writers in opposite orders", () => {
  const history = [
    transact(0, "append x 1", "ok"),
    transact(1, "append y 1", "ok"),
    transact(2, "r x [1]; r y []", "ok"),
    transact(3, "r y [1]; r x []", "ok"),
  ];

  expect(names("snapshot-isolation", ...history)).toEqual(["G-nonadjacent"]);
  expect(names("consistent-view", ...history)).toEqual([]);
  expect(names("parallel-snapshot-isolation", ...history)).toEqual([]);
});

test("G2-item: write skew", () => {
  const history = [
    transact(0, "r x []; append y 1", "ok"),
    transact(1, "r y []; append x 1", "ok"),
    transact(2, "r x [1]; r y [1]", "ok"),
  ];

  expect(names("serializable", ...history)).toEqual(["G2-item"]);
  expect(names("repeatable-read", ...history)).toEqual(["G2-item"]);
  expect(names("snapshot-isolation", ...history)).toEqual([]);
});

test("a lost update: two transactions read one version and both append, even if nobody reads that", () => {
  const history = [
    transact(0, "append x 1", "ok"),
    transact(1, "r x [1]; append x 2", "ok"),
    transact(2, "r x [1]; append x 3", "ok"),
  ];

  expect(names("cursor-stability", ...history)).toEqual(["lost-update"]);
  expect(names("read-committed", ...history)).toEqual([]);
});

test("an incompatible order: two reads that no one order of appends explains", () => {
  const history = [
    transact(0, "append x 1", "ok"),
    transact(1, "append x 2", "ok"),
    transact(2, "r x [1]", "ok"),
    transact(3, "r x [2]", "ok"),
  ];

  expect(names("read-committed", ...history)).toEqual(["incompatible-order"]);
  expect(names("read-uncommitted", ...history)).toEqual([]);
});

test("a transaction that disagrees with itself, that knows its future, or reads what is not there", () => {
  expect(names("read-atomic", transact(0, "append x 1; r x []", "ok"))).toEqual(["internal"]);
  expect(names("read-atomic", transact(0, "append x 1; r x [5, 1]", "ok"))).toEqual(["unwritten-read"]);
  expect(names("read-committed", transact(0, "r x [1]; append x 1", "ok"))).toEqual(["future-read"]);
  expect(names("read-uncommitted", transact(0, "append x 1", "ok"), transact(0, "r x [1, 1]", "ok"))).toEqual([
    "duplicate-elements",
  ]);
});

test("an order of one process that does not hold, and one that only real time gives", () => {
  const own = [transact(0, "append x 1", "ok"), transact(0, "r x []", "ok")];
  const others = [transact(0, "append x 1", "ok"), transact(1, "r x []", "ok")];

  expect(names("strong-session-snapshot-isolation", ...own)).toEqual(["G-single-process"]);
  expect(names("strong-session-serializable", ...others)).toEqual([]);
  expect(names("strict-serializable", ...others)).toEqual(["G-single-realtime"]);
  expect(names("serializable", ...own)).toEqual([]);
  expect(names("strong-read-committed", ...others)).toEqual([]);
});

test("one without an answer may have happened, later or never, but not by halves", () => {
  const halves = [transact(0, "append x 1; append y 1", "info"), transact(1, "r x [1]; r y []", "ok")];
  const late = [transact(0, "append x 1", "info"), transact(1, "r x []", "ok"), transact(1, "r x [1]", "ok")];

  expect(names("serializable", ...halves)).toEqual(["G-single"]);
  expect(names("strict-serializable", ...late)).toEqual([]);
});

test("what was answered is judged, whatever it is; what was asked must be transactions", () => {
  const bad = tell(["0 txn", [["append", "x", 1]], "ok", [["append", "x", 2]]]);
  const deep = tell(["0 txn", [["r", "x", null]], "ok", JSON.parse("[".repeat(5000) + "]".repeat(5000))]);
  const options = { model: "list-append" } as const;

  expect(judgeTransactions(bad, options).anomalies.map(({ name }) => name)).toEqual(["malformed-answer"]);
  expect(judgeTransactions(deep, options).valid).toBe(false);
  expect(() => judgeTransactions(tell(["0 txn", [["w", "x", 1]]]), options)).toThrow("event 1 of the history");
  expect(() => judge("serializable", transact(0, "append x 1"), transact(1, "append x 1"))).toThrow(/twice/);
});

test("a history without any dependency decides nothing", () => {
  expect(judge("serializable", transact(0, "append x 1", "ok")).valid).toBe("unknown");
});

test("many readers of a last version, some of whom append to it unread, cost no more than their number", () => {
  const history = [transact(0, "append x 0", "ok")];
  for (let at = 1; at <= 2000; at++) history.push(transact(at, at % 2 ? "r x [0]" : `append x ${at}`, "ok"));

  const { valid } = judge("serializable", ...history);

  expect(valid).toBe(true);
});
