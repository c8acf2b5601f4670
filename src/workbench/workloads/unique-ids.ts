import { judgeUniqueIds } from "../../checker/index.ts";
import { anyField } from "./replies.ts";
import type { Workload } from "./workload.ts";

/** Nodes give out identifiers, each of them once. */
export const uniqueIds: Workload = {
  name: "unique-ids",
  harmless: [],
  newGenerator: () => ({ next: () => ({ f: "generate", value: null }) }),
  newClient: () => ({ invoke: async (_, ask) => anyField(await ask({ type: "generate" }), "id") }),
  judge: judgeUniqueIds,
};
