import { counter, growingCounter } from "./counters.ts";
import { echo } from "./echo.ts";
import { kafka } from "./kafka/kafka.ts";
import { linearizableStore } from "./lin-kv.ts";
import { broadcast, growingSet } from "./sets.ts";
import { listAppend, registers } from "./transactions.ts";
import { uniqueIds } from "./unique-ids.ts";
import type { Workload } from "./workload.ts";

/** All workloads by name. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [
    broadcast,
    echo,
    growingCounter,
    growingSet,
    kafka,
    linearizableStore,
    counter,
    listAppend,
    registers,
    uniqueIds,
  ].map((workload) => [workload.name, workload]),
);
