export { MalformedError, OperatingError } from "../base/errors.ts";
export {
  type BroadcastFault,
  type BroadcastProperty,
  type BroadcastVerdict,
  broadcastProperties,
  checkBroadcast,
} from "./broadcast/broadcast.ts";
export type { BroadcastEvent, MemberLog } from "./broadcast/logs.ts";
export type { Counterexample } from "./counterexample.ts";
export { parseEvents } from "./files/events.ts";
export { type FileFormat, type FileHistory, modelNames, parseHistory } from "./files/file.ts";
export { formatHistory } from "./files/json-lines.ts";
export type { ModelName } from "./files/vocabulary.ts";
export type { History, Operation } from "./history.ts";
export {
  checkLinearizable,
  type Linearizable,
  type Part,
  type Undecided,
  type Verdict,
  type Violation,
} from "./linearizable.ts";
export type { Model } from "./model.ts";
export { type KvCall, type KvResult, type KvState, kvModel } from "./models/kv.ts";
export { type LogCall, type LogResult, type LogState, logModel } from "./models/log.ts";
export { type QueueCall, type QueueResult, queueModel } from "./models/queue.ts";
export { type RegisterCall, type RegisterResult, registerModel } from "./models/register.ts";
export { type SetCall, type SetResult, setModel } from "./models/set.ts";
export { type StackCall, type StackResult, type StackState, stackModel } from "./models/stack.ts";
export type { Value } from "./models/value.ts";
export { type Availability, judgeAvailability } from "./operations/availability.ts";
export { judgeCounter } from "./operations/counter.ts";
export { judgeEcho } from "./operations/echo.ts";
export { type EventKind, type OperationEvent, type OperationPair, pairEvents } from "./operations/event.ts";
export type { Anomaly, Judgement, Validity } from "./operations/judgement.ts";
export { judgeKafka } from "./operations/kafka/kafka.ts";
export { judgeOutcomes } from "./operations/outcomes.ts";
export { judgeSetFull } from "./operations/set-full.ts";
export { judgeUniqueIds } from "./operations/unique-ids.ts";
export {
  type PlainCall,
  type PlainResult,
  type RecordedMethod,
  type RecordedMethods,
  type Recording,
  type RecordingOptions,
  recordHistory,
} from "./recording.ts";
export type { CheckOptions, Limit } from "./search/budget.ts";
export { type ConsistencyModel, consistencyModels } from "./transactions/consistency.ts";
export type { TransactionModel } from "./transactions/steps.ts";
export { judgeTransactions, type TransactionOptions } from "./transactions/transactions.ts";
export type { VersionRule } from "./transactions/version-order.ts";
