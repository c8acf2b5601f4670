export type { Bytes } from "../../base/bytes.ts";
export { MalformedError } from "../../base/errors.ts";
export type { NodeId } from "../../base/ids.ts";
export type { Core, Input, Outbox, Vocabulary } from "../core.ts";
export { type Effects, Gate } from "../outbox.ts";
export type {
  Digest,
  GossipMessage,
  GossipOutput,
  GossipRefusal,
  GossipRequest,
  GossipVocabulary,
  LinkReport,
  Numbers,
  Origin,
  Range,
  Rumour,
} from "./messages.ts";
export { completeOptions, type GossipConfig, type GossipOptions } from "./options.ts";
export type { GivenTopology, Topology } from "./topology.ts";
