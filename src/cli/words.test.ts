import { describe, expect, test } from "vitest";
import { InvariantViolation } from "../base/invariant.ts";
import { CorruptionError, NoLeaderError, OptionError, OutcomeUnknownError } from "../runtime/errors.ts";
import { parseErrorPages } from "./error-pages.ts";
import { CommandFailure, describeError, exitCodeOf } from "./exit.ts";
import { nearest } from "./nearest.ts";
import { formatMs, parseDuration, parseWhole } from "./quantities.ts";
import { formatCount, painter, table } from "./terminal.ts";

describe("exit codes", () => {
  test.each([
    [new OptionError("port", "is odd"), 64],
    [new CorruptionError("a.wal", 12, "bad"), 74],
    [new NoLeaderError(10), 69],
    [new OutcomeUnknownError(10), 2],
    [new InvariantViolation("x"), 70],
    [new TypeError("x is undefined"), 70],
    [Object.assign(new Error("EACCES"), { errno: -13, syscall: "open", path: "/data" }), 74],
    [new CommandFailure(1, "no"), 1],
  ])("%s ends with %i", (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  test("only a bug shows its stack; an expected failure names its page", () => {
    expect(describeError(new TypeError("boom"))).toContain("words.test.ts");
    expect(describeError(new NoLeaderError(10))).toMatch(/more: quorate help QUORATE_NO_LEADER$/);
  });
});

test("the nearest name is found over typing errors, and nothing far off is offered", () => {
  expect(nearest("statsu", ["status", "stack", "serve"])).toEqual(["status"]);
  expect(nearest("dataDir", ["data-dir", "host"])).toEqual(["data-dir"]);
  expect(nearest("zzzzzz", ["status", "serve"])).toEqual([]);
});

test("durations are read with their unit, within bounds, and shown for people", () => {
  expect([
    parseDuration("300ms", "--t", 1000),
    parseDuration("1.5s", "--t", 5000),
    parseDuration("2m", "--t", 200_000),
  ]).toEqual([300, 1500, 120_000]);
  for (const bad of ["300", "", "-1s", "1h", "2m", "NaNs"])
    expect(() => parseDuration(bad, "--t", 60_000)).toThrow("--t must be a duration");
  expect([formatMs(86.6), formatMs(1440)]).toEqual(["87 ms", "1.4 s"]);
});

test("whole numbers are read within bounds, and refused by the name of their option", () => {
  expect([parseWhole("0", "--n", 0, 9), parseWhole("9", "--n", 0, 9), parseWhole(undefined, "--n", 0, 9)]).toEqual([
    0,
    9,
    undefined,
  ]);
  for (const bad of ["", "-1", "10", "1.5", "1e0", " 1"])
    expect(() => parseWhole(bad, "--n", 0, 9)).toThrow("--n must be a whole number from 0 to 9");
});

test("error pages are found by heading, each up to the next", () => {
  const pages = parseErrorPages(
    "# Errors\n\nintro\n\n## QUORATE_A\n\nfirst\n\n### more\n\n## Other\n\n## `QUORATE_B`\nsecond\n",
  );

  expect([...pages.keys()]).toEqual(["QUORATE_A", "QUORATE_B"]);
  expect(pages.get("QUORATE_A")).toBe("## QUORATE_A\n\nfirst\n\n### more");
});

test("tables align their columns without trailing blanks", () => {
  expect(table(["A", "LONG"], [["1234", "x"], ["1"]])).toBe("A     LONG\n1234  x\n1");
  expect(formatCount(1234567)).toBe("1,234,567");
});

test("colours are for terminals alone, and NO_COLOR forbids them", () => {
  expect(painter({ isTTY: true }, {})("red", "x")).toContain("\u001b[");
  expect(painter({ isTTY: true }, { NO_COLOR: "1" })("red", "x")).toBe("x");
  expect(painter({}, {})("red", "x")).toBe("x");
});
