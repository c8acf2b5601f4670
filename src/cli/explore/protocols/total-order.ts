import { totalOrderScenarios } from "../../../simulator/explore/total-order/scenarios.ts";
import type { TotalOrderLimits } from "../../../simulator/index.ts";
import { CommandFailure, exitCode } from "../../exit.ts";
import type { Reader } from "../reader.ts";
import { diskOption, networkOptions, readNetwork } from "./disorder.ts";
import type { ExplorableProtocol, ProtocolOption } from "./protocol.ts";
import { scenarioHelp, scenarioWords } from "./scenarios.ts";

const names = Object.keys(totalOrderScenarios);
const usual = "order";

const options: readonly ProtocolOption[] = [
  { flags: "--scenario <name>", words: `${names.join(", ")}: see below`, usual },
  { flags: "--members <count>", words: "members of the first view; 0: a group is to be founded" },
  { flags: "--seekers <count>", words: "processes that seek a group; 5 at most with the members" },
  { flags: "--delivery <when>", words: "uniform, or agreed: before a majority is known to have it" },
  { flags: "--multicasts <count>", words: "messages, multicast by whoever" },
  { flags: "--leaves <count>", words: "members that are asked to leave" },
  { flags: "--attempts <count>", words: "attempts to end a view, or to found a group" },
  { flags: "--repeats <count>", words: "repeats of what was not acknowledged or answered" },
  { flags: "--keep-alives <count>", words: "signs of life" },
  { flags: "--applications <count>", words: "applications for membership" },
  { flags: "--crashes <count>", words: "crashes, each with a restart as another member" },
  { flags: "--memory <of-founding>", words: "kept, or lost: seeds that restart forget that they founded" },
  ...networkOptions("", "", "").map(({ flags, words }) => ({ flags, words })),
  diskOption(),
];

const counts = ["multicasts", "leaves", "attempts", "repeats", "keepAlives", "applications"] as const;

/** Total order, as the command explores it. */
export const totalOrder: ExplorableProtocol = {
  name: "total-order",
  summary: "a broadcast in one order without a leader",
  description: "A small group in one part of its life, which --scenario names; the other options change what it has.",
  options,
  epilogue: scenarioHelp(totalOrderScenarios),
  usual: (words) => scenarioWords(totalOrderScenarios, words, usual),
  read: (reader) => {
    const scenario = reader.oneOf("scenario", names);
    const limits = readLimits(reader);
    const { members, seekers, delivery, memory } = limits;
    if (members + seekers < 1 || members + seekers > 5) {
      throw new CommandFailure(exitCode.usage, "--members and --seekers must be 1 to 5 together");
    }
    const forgetting = memory === "lost" ? ", founding is forgotten" : "";
    return {
      explored: { protocol: "total-order", limits },
      bounds: {
        crashes: reader.count("crashes", 0, 15),
        ...readNetwork(reader),
        disk: reader.oneOf("disk", ["late", "fast"]),
      },
      told: {
        group: `${scenario}: ${members} members, ${seekers} seekers, ${delivery} delivery${forgetting}`,
        counts: counts.map((name) => [name === "keepAlives" ? "signs of life" : name, limits[name]]),
      },
    };
  },
};

function readLimits(reader: Reader): TotalOrderLimits {
  const count = (name: (typeof counts)[number]): number => reader.count(name, 0, 15);
  return {
    members: reader.count("members", 0, 5),
    seekers: reader.count("seekers", 0, 5),
    delivery: reader.oneOf("delivery", ["uniform", "agreed"]),
    memory: reader.oneOf("memory", ["kept", "lost"]),
    multicasts: count("multicasts"),
    leaves: count("leaves"),
    attempts: count("attempts"),
    repeats: count("repeats"),
    keepAlives: count("keepAlives"),
    applications: count("applications"),
  };
}
