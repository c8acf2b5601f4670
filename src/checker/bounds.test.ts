import { expect, test } from "vitest";
import {
  checkLinearizable,
  logModel,
  type Operation,
  type RegisterCall,
  type RegisterResult,
  registerModel,
} from "./index.ts";

type RegisterOperation = Operation<RegisterCall, RegisterResult>;

/** Writes that all run at once, and a read of what none of them wrote: every order has to be tried. */
function tangle(count: number): RegisterOperation[] {
  const writes = Array.from({ length: count }, (_, value): RegisterOperation => {
    return {
      client: `c${value}`,
      call: { kind: "cas", from: value, to: value + 1 },
      calledAt: 0,
      result: { kind: "kept" },
      returnedAt: 9,
    };
  });
  const mixed = Array.from({ length: count }, (_, value): RegisterOperation => {
    return {
      client: `w${value}`,
      call: { kind: "write", value },
      calledAt: 0,
      result: { kind: "written" },
      returnedAt: 9,
    };
  });
  const read: RegisterOperation = {
    client: "r",
    call: { kind: "read" },
    calledAt: 0,
    result: { kind: "value", value: -1 },
    returnedAt: 9,
  };
  return [...writes, ...mixed, read];
}

test("a search that meets a limit says which, and claims nothing", () => {
  const history = tangle(12);

  const bySteps = checkLinearizable(history, registerModel, { stepsMax: 5000 });
  const byBytes = checkLinearizable(history, registerModel, { bytesMax: 100_000 });
  const byStop = checkLinearizable(history, registerModel, { stop: () => true });

  expect(bySteps).toMatchObject({ kind: "unknown", limit: "steps", parts: [{ part: "" }] });
  expect(byBytes).toMatchObject({ kind: "unknown", limit: "bytes" });
  expect(byStop).toMatchObject({ kind: "unknown", limit: "stopped" });
  expect([bySteps.steps <= 5100, byStop.steps <= 2048]).toEqual([true, true]);
  expect(bySteps.text()).toMatch(/^unknown: the search as register met the limit of steps after 5,\d\d\d steps/);
  expect(byStop.html()).toContain("No order was found in time.");
});

test("a violation in one part is found, though another part is too hard to decide", () => {
  const hard = tangle(12).map((each) => ({ ...each, call: { ...each.call, key: "hard" } }));
  const stale: RegisterOperation[] = [
    {
      client: "a",
      call: { kind: "write", key: "easy", value: 1 },
      calledAt: 0,
      result: { kind: "written" },
      returnedAt: 1,
    },
    {
      client: "a",
      call: { kind: "read", key: "easy" },
      calledAt: 2,
      result: { kind: "value", value: null },
      returnedAt: 3,
    },
  ];

  const verdict = checkLinearizable([...hard, ...stale], registerModel, { stepsMax: 5000 });

  expect(verdict).toMatchObject({ kind: "violation", part: { part: "easy" } });
});

test("the memory of a search is held to what it may take, by its own account", () => {
  const small = checkLinearizable(tangle(12), registerModel, { bytesMax: 200_000 });
  const large = checkLinearizable(tangle(12), registerModel, { bytesMax: 20_000_000 });

  expect([small.kind, large.kind]).toEqual(["unknown", "violation"]);
  expect(small.steps).toBeLessThan(large.steps);
});

test("a long log costs no more for each entry than a short one", () => {
  const history = Array.from({ length: 20_000 }, (_, at) => ({
    client: `c${at % 3}`,
    call: { kind: "append", entry: `entry ${at}` } as const,
    calledAt: at * 2,
    result: { kind: "appended", index: at + 1 } as const,
    returnedAt: at * 2 + 3,
  }));

  const verdict = checkLinearizable(history, logModel, { bytesMax: 20_000_000 });

  expect(verdict.kind).toBe("ok");
});
