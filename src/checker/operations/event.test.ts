import { expect, test } from "vitest";
import { type OperationEvent, pairEvents } from "./event.ts";

test("requests of several processes are joined with what came of each", () => {
  const events: OperationEvent[] = [
    { process: 0, type: "invoke", f: "read", value: null, timeNs: 1 },
    { process: 1, type: "invoke", f: "add", value: 5, timeNs: 2 },
    { process: 0, type: "ok", f: "read", value: [5], timeNs: 3 },
    { process: 0, type: "invoke", f: "add", value: 6, timeNs: 4 },
    { process: 1, type: "info", f: "add", value: 5, timeNs: 5, error: "timeout" },
  ];

  const pairs = pairEvents(events);

  expect(pairs.map(({ index, completed }) => [index, completed?.type])).toEqual([
    [0, "ok"],
    [1, "info"],
    [3, undefined],
  ]);
});
