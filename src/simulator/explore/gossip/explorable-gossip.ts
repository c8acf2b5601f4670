import type { NodeId } from "../../../base/ids.ts";
import { fromUtf8, toUtf8 } from "../../../base/text.ts";
import {
  Gossip,
  type GossipMessage,
  type GossipRequest,
  type GossipState,
  type Topology,
} from "../../../protocols/gossip/index.ts";
import { digestWords, messageWords, outputWords } from "../../gossip/words.ts";
import type { Explorable } from "../explorable.ts";
import { gossipEssence } from "./essence.ts";
import { gossipFacts, rumourText } from "./facts.ts";
import type { GossipLimits } from "./limits.ts";
import { checkGossip, rememberGossip } from "./promises.ts";
import { gossipRest } from "./rest.ts";
import { firstHistory, type GossipTerms } from "./terms.ts";
import { alarmsOf, calmGossip } from "./time.ts";

/** The production core of gossip, ready to be explored: members that have been there for a while, and know nothing. */
export function explorableGossip(limits: GossipLimits): Explorable<GossipTerms> {
  const ids = Array.from({ length: limits.members }, (_, at) => String.fromCharCode(97 + at));
  return {
    ids,
    interchangeable: [], // the tree grows from the least of them
    opening: undefined,
    start: (id, _, life) => startMember(id, ids, life, limits),
    resume: Gossip.resume,
    calm: calmGossip,
    essence: gossipEssence,
    isSpent: (message, state, mayRestart) => !mayRestart && isSpent(message, state),
    alarms: alarmsOf(ids, limits),
    questions: [
      {
        budget: { countMax: limits.rumours },
        mayAsk: () => true,
        request: (number, state) => ({ kind: "submit", id: number, payloads: [toUtf8(rumourText(state))] }),
      },
    ],
    facts: gossipFacts,
    firstHistory,
    remember: rememberGossip,
    check: checkGossip,
    rest: gossipRest(ids),
    words: {
      message: messageWords,
      request: requestWords,
      record: () => "nothing",
      state: stateWords,
      output: outputWords,
    },
  };
}

function startMember(id: NodeId, members: readonly NodeId[], life: number, { topology, kept }: GossipLimits): Gossip {
  const keptBytesMax = kept === "none" ? 0 : 2 ** 20;
  const core = new Gossip({ id, members, incarnation: life, seed: life, topology: topologies[topology], keptBytesMax });
  const state = core.inspect() as GossipState;
  state.hasGreeted = life === 1;
  return core;
}

const topologies: Readonly<Record<GossipLimits["topology"], Topology>> = {
  line: { kind: "line" },
  ring: { kind: "ring" },
  star: { kind: "own", over: { kind: "full" } },
  full: { kind: "full" },
};

/** What an earlier life said says nothing any more; nor does an acknowledgement, if it told nothing new now. */
function isSpent({ kind }: GossipMessage, { topology }: Readonly<GossipState>): boolean {
  return kind === "ack" && topology.kind !== "own"; // there it may make a member tell what links it lost
}

function requestWords(request: GossipRequest): string {
  return request.kind === "submit" ? `submit ${request.payloads.map(fromUtf8)}` : request.kind;
}

function stateWords({ known, peers }: Readonly<GossipState>): string {
  const lost = [...peers.values()].filter(({ isDown }) => isDown).map(({ id }) => id);
  const digest = digestWords([...known].map(([origin, ranges]) => ({ origin, ranges })));
  return `knows ${digest}${lost.length === 0 ? "" : `, without ${lost.join(" and ")}`}`;
}
