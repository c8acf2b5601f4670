import { expect, test } from "vitest";
import { parseEvents } from "../index.ts";

test("events are read in the order of the lines, with times if there are any", () => {
  const text = `
    {"process": "a", "type": "invoke", "f": "txn", "timeNs": 1}
    {"process": "b", "type": "invoke", "f": "txn", "value": [], "time": 5}

    {"process": "a", "type": "ok", "f": "txn", "value": [["r", "x", null]]}
    {"process": "a", "type": "invoke", "f": "txn"}
  `;

  expect(parseEvents(text)).toEqual([
    { process: 0, type: "invoke", f: "txn", value: null, timeNs: 1 },
    { process: 1, type: "invoke", f: "txn", value: [], timeNs: 5 },
    { process: 0, type: "ok", f: "txn", value: [["r", "x", null]], timeNs: 5 },
    { process: 0, type: "invoke", f: "txn", value: null, timeNs: 5 },
  ]);
});

test("lines that cannot be are refused by their number", () => {
  const call = '{"process": 1, "type": "invoke", "f": "txn"}\n';

  expect(() => parseEvents(call + call)).toThrow("line 2: process 1 calls again");
  expect(() => parseEvents('{"process": 1, "type": "ok", "f": "txn"}')).toThrow("line 1: process 1 has no call");
  expect(() => parseEvents(`${call}{"process": 2, "type": "invoke", "f": "txn", "time": -4}`)).toThrow(
    "line 2: the time",
  );
  expect(() => parseEvents("nothing")).toThrow("line 1: is no JSON");
});
