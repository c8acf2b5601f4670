import { expect, test } from "vitest";
import { worst } from "./judgement.ts";

test("one invalid part makes the whole invalid, and doubt is less than that", () => {
  expect(worst([])).toBe(true);
  expect(worst([true, true])).toBe(true);
  expect(worst([true, "unknown", true])).toBe("unknown");
  expect(worst(["unknown", false, true])).toBe(false);
});
