import { paxosScenarios } from "../../../simulator/explore/multi-paxos/scenarios.ts";
import type { PaxosLimits } from "../../../simulator/index.ts";
import { CommandFailure, exitCode } from "../../exit.ts";
import type { Reader } from "../reader.ts";
import { diskOption, networkOptions, readNetwork } from "./disorder.ts";
import type { ExplorableProtocol, ProtocolOption } from "./protocol.ts";
import { scenarioHelp, scenarioWords } from "./scenarios.ts";

const names = Object.keys(paxosScenarios);
const usual = "views";

const options: readonly ProtocolOption[] = [
  { flags: "--scenario <name>", words: `${names.join(", ")}: see below`, usual },
  { flags: "--members <count>", words: "voters of the first epoch, 1 to 5" },
  { flags: "--learners <count>", words: "its learners; 6 at most with the voters" },
  { flags: "--start <state>", words: "led: from a group that has its first leader; or new" },
  { flags: "--elections <how>", words: "free: whoever may lead a view prepares it at any time; asked: by View_Change" },
  { flags: "--views <count>", words: "nobody leads a later view, in each epoch" },
  { flags: "--timeouts <count>", words: "how often a member's patience ends, with asked elections" },
  { flags: "--proposals <count>", words: "updates proposed" },
  { flags: "--reads <count>", words: "linearizable reads" },
  { flags: "--ask <whom>", words: "leader, or any who knows one: who is asked for these" },
  { flags: "--heartbeats <count>", words: "heartbeats of leaders" },
  { flags: "--repeats <count>", words: "repeats of what was not answered" },
  { flags: "--proofs <count>", words: "VC_Proofs; with 0 nobody is told that it is behind either" },
  { flags: "--questions <count>", words: "how often somebody asks another for what is ordered" },
  { flags: "--snapshots <count>", words: "snapshots that members save" },
  { flags: "--changes <count>", words: "changes of members: the learners become voters, 0 or 1" },
  { flags: "--stay <count>", words: "how many of the first voters stay then" },
  { flags: "--transfers <count>", words: "leaderships handed over" },
  { flags: "--alpha <places>", words: "how far proposals run ahead of what is ordered" },
  { flags: "--accepts-to <whom>", words: "leader, or all: whom voters tell what they accepted" },
  { flags: "--run-bytes-max <bytes>", words: "as the core's setting: with 1 each message carries one update" },
  { flags: "--crashes <count>", words: "crashes, each with a restart" },
  ...networkOptions("", "", "").map(({ flags, words }) => ({ flags, words })),
  diskOption(),
];

const counts = [
  ...(["views", "timeouts", "proposals", "reads", "heartbeats", "repeats"] as const),
  ...(["proofs", "questions", "snapshots", "transfers"] as const),
];

/** Multi-Paxos, as the command explores it. */
export const multiPaxos: ExplorableProtocol = {
  name: "multi-paxos",
  summary: "a replicated log under a leader by view",
  description: "A small group in one part of its life, which --scenario names; the other options change what it has.",
  options,
  epilogue: scenarioHelp(paxosScenarios),
  usual: (words) => scenarioWords(paxosScenarios, words, usual),
  read: (reader) => {
    const scenario = reader.oneOf("scenario", names);
    const limits = readLimits(reader);
    const { members, learners, start, elections, alpha, acceptsTo } = limits;
    if (members + learners > 6) throw new CommandFailure(exitCode.usage, "--members and --learners must be 6 at most");
    return {
      explored: { protocol: "multi-paxos", limits },
      bounds: {
        crashes: reader.count("crashes", 0, 15),
        ...readNetwork(reader),
        disk: reader.oneOf("disk", ["late", "fast"]),
      },
      told: {
        group: `${scenario}: ${members} voters, ${learners} learners (${start}), ${elections} elections, alpha ${alpha}, accepts to ${acceptsTo}`,
        counts: [...counts.map((name) => [name, limits[name]] as const), ["changes of members", limits.changes]],
      },
    };
  },
};

function readLimits(reader: Reader): PaxosLimits {
  const count = (name: (typeof counts)[number]): number => reader.count(name, 0, 15);
  const members = reader.count("members", 1, 5);
  return {
    members,
    learners: reader.count("learners", 0, 5),
    start: reader.oneOf("start", ["new", "led"]),
    elections: reader.oneOf("elections", ["free", "asked"]),
    views: count("views"),
    timeouts: count("timeouts"),
    proposals: count("proposals"),
    reads: count("reads"),
    ask: reader.oneOf("ask", ["leader", "any"]),
    heartbeats: count("heartbeats"),
    repeats: count("repeats"),
    proofs: count("proofs"),
    questions: count("questions"),
    snapshots: count("snapshots"),
    changes: reader.count("changes", 0, 1),
    stay: reader.count("stay", 0, members),
    transfers: count("transfers"),
    alpha: reader.count("alpha", 1, 1024),
    acceptsTo: reader.oneOf("acceptsTo", ["leader", "all"]),
    runBytesMax: reader.count("runBytesMax", 1, 2 ** 30),
  };
}
