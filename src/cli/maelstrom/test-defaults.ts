/** What is meant when an option is not given; Maelstrom's, where it has them. */
export const testDefaults = {
  workload: "lin-kv",
  concurrency: "1n",
  rate: "5",
  timeLimit: "60",
  latency: "0",
  latencyDist: "constant",
  pLoss: "0",
  pDuplicate: "0",
  nemesisInterval: "10",
  topology: "grid",
  consistencyModels: "strict-serializable",
  maxTxnLength: "4",
  maxWritesPerKey: "16",
  recovery: "10",
  testCount: "1",
  store: "store",
} as const;
