import { expect, test } from "vitest";
import type { OperationEvent } from "../../checker/operations/event.ts";
import { Journal } from "./journal.ts";
import { messagesPerOperation } from "./recorded-run.ts";

test("messages between servers are told for each operation asked for", () => {
  const { traffic } = new Journal();
  const asked: OperationEvent = { process: 0, type: "invoke", f: "read", value: null, timeNs: 1 };
  traffic.servers.sent = 5;
  traffic.servers.doubled = 2;

  expect(messagesPerOperation({ history: [], traffic })).toBeUndefined();
  expect(messagesPerOperation({ history: [asked, { ...asked, type: "ok" }, asked], traffic })).toBe(1.5);
});
