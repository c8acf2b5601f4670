import { expect, test } from "vitest";
import { type Told, tell, transact } from "../../../test/support/operations.ts";
import { type ConsistencyModel, judgeTransactions, type VersionRule } from "../index.ts";

const names = (consistency: ConsistencyModel, requests: readonly Told[], versionRules?: readonly VersionRule[]) => {
  const options = { model: "rw-register", consistency: [consistency], ...(versionRules && { versionRules }) } as const;
  return judgeTransactions(tell(...requests), options).anomalies.map(({ name }) => name);
};

test("transactions one after the other are strictly serializable", () => {
  const history = [
    transact(0, "w x 1; w y 1", "ok"),
    transact(1, "r x 1; w x 2; r x 2", "ok"),
    transact(0, "w x 3", "fail"),
    transact(1, "w x 4", "info"),
    transact(2, "r x 2; r y 1; r z null", "ok"),
    transact(2, "r x 4", "ok"),
  ];

  expect(names("strict-serializable", history)).toEqual([]);
  expect(names("strict-serializable", history, ["sequential-keys", "linearizable-keys"])).toEqual([]);
});

test("values that were aborted, intermediate or never written, and own values that are not read", () => {
  expect(names("read-committed", [transact(0, "w x 1", "fail"), transact(1, "r x 1", "ok")])).toEqual(["G1a"]);
  expect(names("read-committed", [transact(0, "w x 1; w x 2", "ok"), transact(1, "r x 1", "ok")])).toEqual(["G1b"]);
  expect(names("read-committed", [transact(0, "r x 9", "ok")])).toEqual(["unwritten-read"]);
  expect(names("serializable", [transact(0, "w x 1; r x null", "ok")])).toEqual(["internal"]);
  expect(names("read-committed", [transact(0, "r x 1; w x 1", "ok")])).toEqual(["future-read"]);
});

test("the initial state is older than all values", () => {
  const history = [transact(0, "w x 1; w y 1", "ok"), transact(1, "r x 1; r y null", "ok")];

  expect(names("consistent-view", history)).toEqual(["G-single"]);
});

test("what a transaction read is older than what it wrote", () => {
  const history = [
    transact(0, "w x 1", "ok"),
    transact(1, "r x 1; w x 2; w y 2", "ok"),
    transact(2, "r y 2; r x 1", "ok"),
  ];

  expect(names("snapshot-isolation", history)).toEqual(["G-single"]);
  expect(names("snapshot-isolation", history, [])).toEqual([]);
});

test("G1c: two transactions observe each other; a lost update: two read one version and write", () => {
  const seen = [transact(0, "w x 1; r y 1", "ok"), transact(1, "w y 1; r x 1", "ok")];
  const lost = [transact(0, "r x null; w x 1", "ok"), transact(1, "r x null; w x 2", "ok")];

  expect(names("read-committed", seen)).toEqual(["G1c"]);
  expect(names("serializable", lost)).toEqual(["lost-update", "G2-item"]);
});

test("keys that are believed to be linearizable or sequential order their versions", () => {
  const stale = [
    transact(0, "w x 1", "ok"),
    transact(0, "w x 2; w y 2", "ok"),
    transact(1, "r y 2", "info"),
    transact(2, "r x 1; r y 2", "ok"),
  ];
  const back = [transact(0, "w x 1", "ok"), transact(1, "r x 1", "ok"), transact(1, "r x null", "ok")];

  expect(names("snapshot-isolation", stale, [])).toEqual([]);
  expect(names("snapshot-isolation", stale, ["sequential-keys"])).toEqual(["G-single"]);
  expect(names("read-uncommitted", back, ["sequential-keys"])).toEqual(["cyclic-versions"]);
  expect(names("read-uncommitted", back, ["linearizable-keys"])).toEqual(["cyclic-versions"]);
  expect(names("read-uncommitted", back, ["writes-follow-reads"])).toEqual([]);
});
