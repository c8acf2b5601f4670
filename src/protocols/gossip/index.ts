export type { Bytes } from "../../base/bytes.ts";
export { MalformedError } from "../../base/errors.ts";
export type { NodeId } from "../../base/ids.ts";
export type { Core, Input, Outbox, Vocabulary } from "../core.ts";
export { type Effects, Gate } from "../outbox.ts";
export { decodeMessage, encodeMessage, messageBytesMax } from "./codec/message-codec.ts";
export { messageFromJson, messageToJson } from "./codec/message-json.ts";
export { Gossip } from "./gossip.ts";
export type { GivenTopology, Topology } from "./links/topology.ts";
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
export type { GossipConfig, GossipOptions } from "./options.ts";
export type { GossipState } from "./state.ts";
