import type { Part, RecordedRun } from "../run/recorded-run.ts";

/** What a challenge's page asks of the figures of a run: a bound that must not be reached. */
interface Threshold {
  readonly what: string;
  readonly below: number;
  readonly unit: string;
  measure(run: RecordedRun): number | undefined;
}

/** One of the Gossip Glomers (https://fly.io/dist-sys). */
export interface Challenge {
  readonly name: string;
  readonly title: string;
  readonly workload: string;
  /** The options of its page, by their names without dashes. */
  readonly settings: Readonly<Record<string, string>>;
  readonly thresholds: readonly Threshold[];
}

const partitioned = { nemesis: "partition" };
const wide = { nodeCount: "25", timeLimit: "20", rate: "100", latency: "100" };
const busy = { concurrency: "2n", timeLimit: "20", rate: "1000" };
const available = { availability: "total" };

/** All challenges in their order, with the settings and bounds of their pages. */
export const challenges: readonly Challenge[] = [
  plain("1", "Echo", "echo", { nodeCount: "1", timeLimit: "10" }),
  plain("2", "Unique ID generation", "unique-ids", {
    ...{ nodeCount: "3", timeLimit: "30", rate: "1000" },
    ...available,
    ...partitioned,
  }),
  plain("3a", "Single-node broadcast", "broadcast", { nodeCount: "1", timeLimit: "20", rate: "10" }),
  plain("3b", "Multi-node broadcast", "broadcast", { nodeCount: "5", timeLimit: "20", rate: "10" }),
  plain("3c", "Fault-tolerant broadcast", "broadcast", {
    ...{ nodeCount: "5", timeLimit: "20", rate: "10" },
    ...partitioned,
  }),
  { ...plain("3d", "Efficient broadcast, part I", "broadcast", wide), thresholds: efficient(30, 400, 600) },
  { ...plain("3e", "Efficient broadcast, part II", "broadcast", wide), thresholds: efficient(20, 1000, 2000) },
  plain("4", "Grow-only counter", "g-counter", { nodeCount: "3", timeLimit: "20", rate: "100", ...partitioned }),
  plain("5a", "Single-node Kafka-style log", "kafka", { nodeCount: "1", ...busy }),
  plain("5b", "Multi-node Kafka-style log", "kafka", { nodeCount: "2", ...busy }),
  plain("5c", "Efficient Kafka-style log", "kafka", { nodeCount: "2", ...busy }),
  plain("6a", "Single-node, totally available transactions", "txn-rw-register", {
    ...{ nodeCount: "1", ...busy, ...available },
    consistencyModels: "read-uncommitted",
  }),
  plain("6b", "Totally available, read uncommitted transactions", "txn-rw-register", {
    ...{ nodeCount: "2", ...busy, ...available, ...partitioned },
    consistencyModels: "read-uncommitted",
  }),
  plain("6c", "Totally available, read committed transactions", "txn-rw-register", {
    ...{ nodeCount: "2", ...busy, ...available, ...partitioned },
    consistencyModels: "read-committed",
  }),
];

/** Each bound of a challenge with what was measured, for a terminal; and whether all were kept. */
export function judgeThresholds({ thresholds }: Challenge, run: RecordedRun): { lines: string[]; isKept: boolean } {
  const found = thresholds.map(({ what, below, unit, measure }) => {
    const value = measure(run);
    const isKept = value !== undefined && value < below;
    const told = value === undefined ? "was not measured" : `is ${Number(value.toFixed(2))}`;
    return {
      isKept,
      line: `${isKept ? "kept  " : "MISSED"} ${what} ${told}${unit}, and must be below ${below}${unit}`,
    };
  });
  return { lines: found.map(({ line }) => line), isKept: found.every(({ isKept }) => isKept) };
}

function plain(name: string, title: string, workload: string, settings: Challenge["settings"]): Challenge {
  return { name, title, workload, settings, thresholds: [] };
}

function efficient(messages: number, medianMs: number, maximumMs: number): readonly Threshold[] {
  const stable = (run: RecordedRun, share: string): number | undefined => {
    const latencies = figuresOf(run, "workload").stableLatenciesMs as Readonly<Record<string, number>> | undefined;
    return latencies?.[share];
  };
  return [
    {
      ...{ what: "messages per operation", below: messages, unit: "" },
      measure: (run) => figuresOf(run, "network").messagesPerOperation as number | undefined,
    },
    { what: "median latency", below: medianMs, unit: " ms", measure: (run) => stable(run, "0.5") },
    { what: "maximum latency", below: maximumMs, unit: " ms", measure: (run) => stable(run, "1") },
  ];
}

function figuresOf({ parts }: RecordedRun, name: string): Part["figures"] {
  return parts.find((part) => part.name === name)?.figures ?? {};
}
