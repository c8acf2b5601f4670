import { expect, test } from "vitest";
import { progressText } from "./progress-line.ts";

test("a line says how far a test is, and what is broken now", () => {
  const progress = { phase: "running", elapsedNs: 12.4e9, operations: 1234, ok: 1200, messages: 56789 } as const;

  expect(progressText({ ...progress, fault: "" }, 20)).toBe(
    "running 12 s of 20 s   1,234 operations, 1,200 ok   56,789 messages",
  );
  expect(progressText({ ...progress, fault: "partition n0 | n1" }, 20)).toMatch(/messages {3}partition n0 \| n1$/);
  expect(progressText({ ...progress, fault: "", phase: "recovering" }, 20)).toMatch(/^recovering 12 s {3}1,234 /);
});
