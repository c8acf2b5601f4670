import { judgeAvailability, judgeOutcomes } from "../../checker/index.ts";
import type { OperationEvent } from "../../checker/operations/event.ts";
import type { NodeFaults } from "../nodes/node-faults.ts";
import type { TrafficCounts } from "../run/journal.ts";
import type { TestOptions } from "../run/options.ts";
import { messagesPerOperation, type Part } from "../run/recorded-run.ts";
import type { Workload } from "../workloads/workload.ts";
import { latencyFigures } from "./latencies.ts";

/** What is judged. */
export interface Evidence {
  readonly workload: Workload;
  readonly options: TestOptions;
  readonly history: readonly OperationEvent[];
  readonly traffic: TrafficCounts;
  readonly faults: NodeFaults;
}

/** All parts of a verdict, the workload's own first. */
export function judgeParts({ workload, options, history, traffic, faults }: Evidence): readonly Part[] {
  const { servers } = traffic;
  const net = { ...traffic, messagesPerOperation: messagesPerOperation({ history, traffic }) ?? 0, servers };
  return [
    { name: "workload", ...workload.judge(history, options) },
    { name: "nodes", ...faults.judgement() },
    { name: "outcomes", ...judgeOutcomes(history) },
    { name: "availability", ...judgeAvailability(history, options.availability) },
    { name: "latency", valid: true, anomalies: [], figures: latencyFigures(history) },
    { name: "network", valid: true, anomalies: [], figures: net },
  ];
}
