import { gossipScenarios } from "../../../simulator/explore/gossip/scenarios.ts";
import type { GossipLimits } from "../../../simulator/index.ts";
import type { Reader } from "../reader.ts";
import { networkOptions, readNetwork } from "./disorder.ts";
import type { ExplorableProtocol, ProtocolOption } from "./protocol.ts";
import { scenarioHelp, scenarioWords } from "./scenarios.ts";

const names = Object.keys(gossipScenarios);
const usual = "line";

const options: readonly ProtocolOption[] = [
  { flags: "--scenario <name>", words: `${names.join(", ")}: see below`, usual },
  { flags: "--members <count>", words: "members, 2 to 5" },
  { flags: "--topology <links>", words: "line, ring, star or full; a star is the members' own tree over all links" },
  { flags: "--kept <payloads>", words: "all, or none: those that everyone has are forgotten" },
  { flags: "--rumours <count>", words: "rumours submitted, to whoever" },
  { flags: "--repeats <count>", words: "how often somebody's patience with another ends" },
  { flags: "--cuts <count>", words: "how often a host takes a link for broken" },
  { flags: "--probes <count>", words: "questions whether somebody lost is back" },
  { flags: "--syncs <count>", words: "comparisons of what two members know, though nothing happened" },
  { flags: "--settles <count>", words: "how often somebody looks for what everyone has" },
  { flags: "--crashes <count>", words: "crashes, each with a restart without a memory" },
  ...networkOptions("", "", "").map(({ flags, words }) => ({ flags, words })),
];

const counts = ["rumours", "repeats", "cuts", "probes", "syncs", "settles"] as const;

/** Gossip, as the command explores it. */
export const gossip: ExplorableProtocol = {
  name: "gossip",
  summary: "a broadcast that brings everything to everyone, in no order",
  description: "A small group with certain links, which --scenario names; the other options change what it has.",
  options,
  epilogue: scenarioHelp(gossipScenarios),
  usual: (words) => scenarioWords(gossipScenarios, words, usual),
  read: (reader) => {
    const scenario = reader.oneOf("scenario", names);
    const limits = readLimits(reader);
    const { members, topology, kept } = limits;
    return {
      explored: { protocol: "gossip", limits },
      bounds: { crashes: reader.count("crashes", 0, 15), ...readNetwork(reader), disk: "fast" },
      told: {
        group: `${scenario}: ${members} members, links ${topology}, payloads kept ${kept}`,
        counts: counts.map((name) => [name, limits[name]]),
      },
    };
  },
};

function readLimits(reader: Reader): GossipLimits {
  const count = (name: (typeof counts)[number]): number => reader.count(name, 0, 15);
  return {
    members: reader.count("members", 2, 5),
    topology: reader.oneOf("topology", ["line", "ring", "star", "full"]),
    kept: reader.oneOf("kept", ["all", "none"]),
    rumours: count("rumours"),
    repeats: count("repeats"),
    cuts: count("cuts"),
    probes: count("probes"),
    syncs: count("syncs"),
    settles: count("settles"),
  };
}
