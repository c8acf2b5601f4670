import { jsonCodec } from "../../base/bytes.ts";
import {
  decodeMessage,
  encodeMessage,
  Gossip,
  type GossipOptions,
  type GossipState,
  type GossipVocabulary,
  type Topology,
} from "../../protocols/gossip/index.ts";
import { RecordStore } from "../own/record-store.ts";
import type { MemberPlan } from "../plans/plan.ts";
import type { Protocol } from "../protocol.ts";
import { messageWords, outputWords } from "./words.ts";

/** Links that a run may have; a plan names them by number. */
export const topologies: readonly Topology[] = [
  { kind: "own", over: { kind: "full" } },
  { kind: "own", over: { kind: "ring" } },
  { kind: "own", over: { kind: "grid" } },
  { kind: "full" },
  { kind: "ring" },
  { kind: "grid" },
  { kind: "line" },
  { kind: "tree", branching: 2 },
  { kind: "star" },
];

/** Options of a member's plan that are the whole group's, or named by number. */
const planOptions: readonly string[] = ["topology", "traffic", "loss"];

/** Gossip as the simulator runs it: each start is another incarnation, with whatever topology is in force then. */
export function gossipProtocol(
  members: readonly MemberPlan[],
  topology: () => Topology,
): Protocol<GossipVocabulary, GossipState> {
  let incarnation = 0;
  const ids = members.map(({ id }) => id);
  return {
    name: "gossip",
    messages: { encode: encodeMessage, decode: decodeMessage },
    emptyStore: () => new RecordStore<GossipVocabulary>(jsonCodec()),
    start: ({ plan: { id, options }, seed }) => {
      const own = Object.entries(options).filter(([name]) => !planOptions.includes(name));
      const core: Partial<GossipOptions> = Object.fromEntries(own);
      const tuning = options.traffic === true ? "traffic" : "latency";
      return new Gossip({
        ...core,
        ...{ id, seed, incarnation: ++incarnation, members: ids, topology: topology(), tuning },
      });
    },
    words: { message: messageWords, record: () => "stores nothing", output: outputWords },
  };
}
