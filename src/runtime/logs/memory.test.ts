import { expect, test } from "vitest";
import { logConformance, recovered } from "../../../test/conformance/log.ts";
import { toUtf8 } from "../../base/text.ts";
import { type MemoryMedium, memoryLog } from "./memory.ts";

logConformance("memory", async () => {
  const medium: MemoryMedium = new Map();
  return { open: async () => memoryLog(medium), end: async () => {} };
});

test("memory does not grow with what was dropped or replaced", async () => {
  const medium: MemoryMedium = new Map();
  const { log } = await recovered({ open: async () => memoryLog(medium), end: async () => {} });

  for (let position = 1; position <= 1000; position++) {
    const bytes = toUtf8(`entry ${position}`);
    await log.append([
      { group: 0, kind: 0, bytes, latest: true },
      { group: 0, kind: 1, bytes, positions: { first: position, count: 1 }, dropThrough: position - 1 },
    ]);
  }

  expect(medium.size).toBe(2);
  expect(log.stats().bytes).toBe(2 * "entry 1000".length);
});
