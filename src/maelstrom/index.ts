export { OperatingError, type Outcome, type Retry } from "../base/errors.ts";
export type { RpcOptions } from "./calls.ts";
export { type ErrorName, MaelstromError } from "./errors.ts";
export type { Body } from "./messages.ts";
export { type Handler, MaelstromNode, type MaelstromNodeOptions, type Received } from "./node.ts";
export { type CompareAndSetOptions, KeyValueStore, TimestampOracle } from "./services.ts";
export type {
  Lifecycle,
  Nothing,
  Offsets,
  Operation,
  Rpc,
  Topology,
  WorkloadName,
  Workloads,
} from "./workloads.ts";
