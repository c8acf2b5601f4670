import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as universe from "../../../test/support/histories.ts";
import { histories } from "../../../test/support/histories.ts";
import {
  checkLinearizable,
  type FileFormat,
  formatHistory,
  type History,
  kvModel,
  logModel,
  MalformedError,
  type ModelName,
  modelNames,
  parseHistory,
  queueModel,
  registerModel,
  setModel,
  stackModel,
} from "../index.ts";

type Plain = History<{ readonly kind: string }, { readonly kind: string }>;

const generated: Readonly<Record<ModelName, fc.Arbitrary<Plain>>> = {
  register: spoilt({ model: registerModel, calls: universe.registerCalls, results: universe.registerResults }),
  kv: spoilt({ model: kvModel, calls: universe.kvCalls, results: universe.kvResults }),
  stack: spoilt({ model: stackModel, calls: universe.stackCalls, results: universe.stackResults }),
  set: spoilt({ model: setModel, calls: universe.setCalls, results: universe.setResults }),
  queue: spoilt({ model: queueModel, calls: universe.queueCalls, results: universe.queueResults }),
  log: spoilt({ model: logModel, calls: universe.logCalls, results: universe.logResults }),
};

function spoilt<State, Call extends { readonly kind: string }, Result extends { readonly kind: string }>(
  given: universe.Universe<State, Call, Result>,
): fc.Arbitrary<Plain> {
  return histories(given, { countMax: 20, isSpoilt: false });
}

test.each(modelNames)("a history of a %s that is written and read again is the same", (name) => {
  fc.assert(
    fc.property(generated[name], (history) => {
      fc.pre(history.length > 0);

      const { history: again } = parseHistory(formatHistory(history), name);

      const byCall = (left: { calledAt: number }, right: { calledAt: number }) => left.calledAt - right.calledAt;
      const told = again.map((each) => ({ ...each, client: each.client.replace(/\/\d+$/, "") }));
      expect(told.sort(byCall)).toEqual([...history].sort(byCall));
    }),
  );
});

test("Jepsen's short forms are understood: values of answers, pairs, and null for nothing", () => {
  const text = `
    {"process": 0, "type": "invoke", "f": "cas", "key": "x", "value": [null, "a"], "index": 7}
    {"process": 0, "type": "ok", "f": "cas", "key": "x", "value": [null, "a"]}
    {"process": 1, "type": "invoke", "f": "get", "key": "x", "value": null}
    {"process": 0, "type": "invoke", "f": "put", "key": "x", "value": "b"}
    {"process": 1, "type": "ok", "f": "get", "value": "a", "error": null}
    {"process": 0, "type": "fail", "f": "put", "value": "b"}
    {"process": 0, "type": "invoke", "f": "delete", "key": "x"}
    {"process": 0, "type": "info", "f": "delete", "error": "timeout"}`;

  const { history, model } = parseHistory(text, "kv");

  expect(history).toEqual([
    {
      client: "0",
      call: { kind: "cas", key: "x", from: null, to: "a" },
      calledAt: 2,
      result: { kind: "stored" },
      returnedAt: 3,
    },
    { client: "1", call: { kind: "get", key: "x" }, calledAt: 4, result: { kind: "found", value: "a" }, returnedAt: 6 },
    { client: "0", call: { kind: "delete", key: "x" }, calledAt: 8, result: undefined, returnedAt: undefined },
  ]);
  expect(checkLinearizable(history, model).kind).toBe("ok");
});

test("a log of Jepsen is read, in its older and its newer form; what is not about calls is left alone", () => {
  const text = [
    "INFO  jepsen.core - Worker 0 starting",
    "INFO  jepsen.util - 0\t:invoke\t:read\tnil",
    "INFO  jepsen.util - :nemesis\t:info\t:start\tnil",
    "INFO  jepsen.util - 1\t:invoke\t:cas\t[1 2]",
    "INFO [2026-11-02 10:00:00,000] jepsen worker 0 - jepsen.util 0\t:ok\t:read\tnil",
    "INFO  jepsen.util - 1\t:fail\t:cas\t[1 2]",
    "INFO  jepsen.util - 1\t:invoke\t:write\t3",
    "INFO  jepsen.util - 0\t:invoke\t:read\tnil",
    "INFO  jepsen.util - 1\t:info\t:write\t:timed-out",
    "INFO  jepsen.util - 0\t:fail\t:read\t:timed-out",
    "INFO  jepsen.util - 3\t:invoke\t:cas\t[3 4]\r",
    "INFO  jepsen.util - 3\t:ok\t:cas\t[3 4]",
  ].join("\n");

  const { history, model } = parseHistory(text, "register");

  expect(history.map(({ client, call, result }) => [client, call, result])).toEqual([
    ["0", { kind: "read" }, { kind: "value", value: null }],
    ["1", { kind: "cas", from: 1, to: 2 }, { kind: "kept" }],
    ["1", { kind: "write", value: 3 }, undefined],
    ["3", { kind: "cas", from: 3, to: 4 }, { kind: "swapped" }],
  ]);
  expect(checkLinearizable(history, model).kind).toBe("ok");
});

const read = '{"process": 0, "type": "invoke", "f": "read"}';

describe("a bad line is named by its number and what is wrong with it", () => {
  test.each<[string, string, FileFormat?]>([
    ["{", "line 1: is no JSON"],
    ["[1]", "line 1: must be an object, not a list", "jsonl"],
    [`${read}\n\n{"process": 0, "type": "okay", "f": "read"}`, "line 3: type must be invoke, ok, fail or info"],
    ['{"process": null, "type": "ok", "f": "read"}', "line 1: process must be a text or a number, not null"],
    ['{"process": 0, "type": "invoke", "f": "constructor"}', "line 1: f must be one of read, write, cas"],
    ['{"process": 0, "type": "invoke", "f": 1}', "line 1: f must be the name of a call, not 1"],
    ['{"process": 0, "type": "invoke", "f": "read", "time": 0.5}', "line 1: time must be a whole number, not 0.5"],
    ['{"process": 0, "type": "invoke", "f": "write", "value": [1]}', "line 1: value must be a text, a number"],
    ['{"process": 0, "type": "invoke", "f": "cas", "value": 1}', "line 1: from must be a text, a number"],
    [`${read}\n${read}`, "line 2: process 0 calls again, but its call of line 1 has not ended"],
    ['{"process": 4, "type": "ok", "f": "read"}', "line 1: process 4 has no call that could end"],
    [`${read}\n{"process": 0, "type": "ok", "f": "write"}`, "line 2: ends a write, but process 0 has called read"],
    [`${read}\n{"process": 0, "type": "ok", "f": "read"}`, "line 2: value must be a text, a number"],
    [
      `${read}\n{"process": 0, "type": "ok", "f": "read", "kind": "kept"}`,
      "line 2: the kind of a read's result must be",
    ],
    [
      `${read}\n{"process": 0, "type": "ok", "f": "read", "value": 1, "time": 4}`,
      "line 2: has a time, and lines before",
    ],
    [
      '{"process": 0, "type": "invoke", "f": "read", "time": 9}\n{"process": 0, "type": "ok", "f": "read", "value": 1, "time": 4}',
      "line 2: ends at 4, before its call at 9",
    ],
    ["", "there is no call in it"],
    ["hello", "line 1: is no line of Jepsen's log"],
    ["INFO  jepsen.util - 0\t:invoke\t:read\t{:a 1}", "line 1: the value must be nil, a number"],
    ["INFO  jepsen.util - 0\t:invoked\t:read\tnil", "line 1: type must be :invoke"],
    ["INFO  jepsen.util - x\t:invoke\t:read\tnil", "line 1: process must be a number"],
    [`{"a": "${"a".repeat(2 ** 20)}"}`, "line 1: has more than 1048576 characters"],
    [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, "line 1: must be an object, not a list", "jsonl"],
  ])("%.60s: %s", (text, problem, format = "auto") => {
    const parse = () => parseHistory(text, "register", format);

    expect(parse).toThrow(MalformedError);
    expect(parse).toThrow(`malformed input: ${problem}`);
  });
});

test("whatever a file holds, it is read or refused, and nothing else", () => {
  const word = fc.constantFrom(
    ...'{}[]":, \n\t0139-.eE\\'.split(""),
    "process",
    "type",
    "invoke",
    "ok",
    "f",
    "read",
    "write",
  );
  const jepsen = fc.constantFrom(
    "INFO  jepsen.util - ",
    "0",
    "\t",
    ":invoke",
    ":ok",
    ":read",
    ":cas",
    "nil",
    "[1 2]",
    "[",
    "\n",
  );
  const line = fc.record({
    process: fc.oneof(fc.nat(2), fc.jsonValue()),
    type: fc.oneof(fc.constantFrom("invoke", "ok", "fail", "info"), fc.jsonValue()),
    f: fc.oneof(fc.constantFrom("read", "write", "cas", "get", "put", "pop", "append"), fc.jsonValue()),
    value: fc.jsonValue(),
    key: fc.oneof(fc.constant("x"), fc.jsonValue()),
    kind: fc.oneof(fc.constantFrom("value", "stored", "entries", undefined), fc.jsonValue()),
  });
  const text = fc.oneof(
    fc.array(word).map((words) => words.join("")),
    fc.array(jepsen).map((words) => words.join("")),
    fc.array(line).map((lines) => lines.map((each) => JSON.stringify(each)).join("\n")),
    fc.string(),
  );
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(...modelNames),
      fc.constantFrom("auto", "jsonl", "jepsen"),
      (given, name, format) => {
        try {
          const { history, model } = parseHistory(given, name, format as FileFormat);
          checkLinearizable(history, model, { stepsMax: 1000 });
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
