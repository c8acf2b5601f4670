import { OptionError } from "../../base/errors.ts";
import type { ConsistencyModel } from "../../checker/index.ts";
import type { LatencyDistribution } from "../network/latency.ts";
import type { TopologyName } from "../workloads/topology.ts";

/** What can be broken on purpose. */
export type FaultKind = "partition" | "one-way" | "kill" | "pause";

/** The names of all faults. */
export const faultKinds: readonly FaultKind[] = ["partition", "one-way", "kill", "pause"];

/** A test, as its user wants it: complete and checked. Names and defaults as in Maelstrom, where it has them. */
export interface TestOptions {
  readonly workload: string;
  /** A program and its arguments. */
  readonly command: readonly string[];
  readonly nodes: readonly string[];
  /** Clients that ask at the same time. */
  readonly concurrency: number;
  /** Requests a second of all clients together; 0: none, the test only lasts. */
  readonly rate: number;
  readonly timeLimitSeconds: number;
  readonly latencyMs: number;
  readonly latencyDistribution: LatencyDistribution;
  readonly loss: number;
  readonly duplication: number;
  readonly faults: readonly FaultKind[];
  /** Between faults on average, in s. */
  readonly nemesisIntervalSeconds: number;
  readonly topology: TopologyName;
  readonly keyCount: number | undefined;
  readonly maxTxnLength: number;
  readonly maxWritesPerKey: number;
  readonly consistencyModels: readonly ConsistencyModel[];
  readonly availability: "total" | number | undefined;
  readonly seed: number;
  /** Delays are skipped when the nodes have gone quiet. */
  readonly fast: boolean;
  /** After all faults and before the last reads, in s. */
  readonly recoverySeconds: number;
}

/** Most nodes, and most clients, of one test. */
export const nodesMax = 250;
const clientsMax = 10_000;

/** Refuses options that make no test, with an `OptionError`. */
export function checkTestOptions(options: TestOptions): void {
  const check = (option: string, holds: boolean, problem: string): void => {
    if (!holds) throw new OptionError(option, problem);
  };
  const { nodes } = options;
  check("node-count", nodes.length >= 1 && nodes.length <= nodesMax, `must be 1 to ${nodesMax}`);
  check("nodes", new Set(nodes).size === nodes.length, "names a node twice");
  check(
    "nodes",
    nodes.every((id) => /^(?!c)[\w.-]{1,64}$/.test(id)),
    "must be words that do not start with c",
  );
  check("nodes", !nodes.some((id) => /^(?:lin-kv|seq-kv|lww-kv|lin-tso)$/.test(id)), "takes the name of a service");
  check("concurrency", options.concurrency >= 1 && options.concurrency <= clientsMax, `must be 1 to ${clientsMax}`);
  check("consistency-models", options.consistencyModels.length > 0, "must name at least one");
  check("bin", options.command.length > 0 && options.command[0] !== "", "must name a program");
}
