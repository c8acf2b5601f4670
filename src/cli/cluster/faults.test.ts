import { expect, test } from "vitest";
import { Faults, parseWays } from "./faults.ts";

test("two names mean both directions, a pair means one", () => {
  expect(parseWays(["n1", "n2"])).toEqual([
    { from: "n1", to: "n2" },
    { from: "n2", to: "n1" },
  ]);
  expect(parseWays(["n1:n2"])).toEqual([{ from: "n1", to: "n2" }]);
  for (const bad of [[], ["n1"], ["n1:"], ["n1:n2", "n3"], ["n1", "n2:n3"], ["n1", "n2", "n3"], ["a:b:c"]]) {
    expect(() => parseWays(bad)).toThrow("is no link");
  }
});

test("a later rule replaces an earlier one; a link can be healed alone", () => {
  const faults = new Faults();
  faults.cut(parseWays(["n1", "n2"]));
  faults.delay(parseWays(["n1:n2"]), 300);
  faults.cut(parseWays(["n1:n3"]));

  faults.heal(parseWays(["n2:n1"]));

  expect(faults.rulesOf("n1")).toEqual([
    { peer: "n2", delayMs: 300 },
    { peer: "n3", cut: true },
  ]);
  expect(faults.rulesOf("n2")).toEqual([]);
  expect(faults.describe()).toEqual(["n1:n2 +300 ms", "n1:n3 cut"]);
});
