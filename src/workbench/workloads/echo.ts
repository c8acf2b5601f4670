import { nextBelow } from "../../base/random.ts";
import { judgeEcho } from "../../checker/index.ts";
import { anyField } from "./replies.ts";
import type { Workload } from "./workload.ts";

/** A node says back what it is told. */
export const echo: Workload = {
  name: "echo",
  harmless: [],
  newGenerator: (random) => ({
    next: () => ({ f: "echo", value: `Please echo ${nextBelow(random, 128)}` }),
  }),
  newClient: () => ({
    invoke: async ({ value }, ask) => anyField(await ask({ type: "echo", echo: value }), "echo"),
  }),
  judge: judgeEcho,
};
