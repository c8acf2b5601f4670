import { chance, nextBelow } from "../../base/random.ts";
import { judgeCounter } from "../../checker/index.ts";
import { fieldOf, isWhole } from "./replies.ts";
import type { Workload } from "./workload.ts";

/** A counter that takes numbers below 0, too. */
export const counter: Workload = newCounter("pn-counter", -5, 4);

/** A counter that only grows. */
export const growingCounter: Workload = newCounter("g-counter", 0, 4);

function newCounter(name: string, least: number, most: number): Workload {
  return {
    name,
    harmless: ["read"],
    newGenerator: (random) => ({
      next: () =>
        chance(random, 0.5)
          ? { f: "read", value: null }
          : { f: "add", value: least + nextBelow(random, most - least + 1) },
      final: () => [{ f: "read", value: null, final: true }],
    }),
    newClient: () => ({
      invoke: async ({ f, value }, ask) => {
        if (f === "read") return fieldOf(await ask({ type: "read" }), "value", "a whole number", isWhole);
        await ask({ type: "add", delta: value });
        return value;
      },
    }),
    judge: judgeCounter,
  };
}
