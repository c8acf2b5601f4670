import { chance, type Random } from "../../base/random.ts";
import { judgeSetFull } from "../../checker/index.ts";
import { fieldOf, isList } from "./replies.ts";
import { topologyOf } from "./topology.ts";
import type { Generator, Workload } from "./workload.ts";

/** Messages sent to one node are read from all of them. */
export const broadcast: Workload = {
  name: "broadcast",
  harmless: ["read"],
  greeting: ({ topology, nodes }) => ({ type: "topology", topology: topologyOf(topology, nodes) }),
  newGenerator: (random) => newElements(random, "broadcast"),
  newClient: () => ({
    invoke: async ({ f, value }, ask) => {
      if (f === "read") return fieldOf(await ask({ type: "read" }), "messages", "a list", isList);
      await ask({ type: "broadcast", message: value });
      return value;
    },
  }),
  judge: judgeSetFull,
};

/** Elements added at one node are read from all of them. */
export const growingSet: Workload = {
  name: "g-set",
  harmless: ["read"],
  newGenerator: (random) => newElements(random, "add"),
  newClient: () => ({
    invoke: async ({ f, value }, ask) => {
      if (f === "read") return fieldOf(await ask({ type: "read" }), "value", "a list", isList);
      await ask({ type: "add", element: value });
      return value;
    },
  }),
  judge: judgeSetFull,
};

/** Reads, and whole numbers from 0 on, evenly mixed. */
function newElements(random: Random, f: string): Generator {
  let next = 0;
  return {
    next: () => (chance(random, 0.5) ? { f: "read", value: null } : { f, value: next++ }),
    final: () => [{ f: "read", value: null, final: true }],
  };
}
