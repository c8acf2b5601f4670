import { diskOption, networkOptions, readNetwork } from "./disorder.ts";
import type { ExplorableProtocol } from "./protocol.ts";
import { usualOf } from "./usual.ts";

const options = [
  { flags: "--members <count>", words: "members, 1 to 5", usual: "3" },
  { flags: "--terms <count>", words: "nobody stands for a later term", usual: "2" },
  { flags: "--proposals <count>", words: "values proposed, to whoever leads", usual: "2" },
  { flags: "--reads <count>", words: "linearizable reads, on any member", usual: "0" },
  {
    flags: "--append-bytes-max <bytes>",
    words: "as the core's setting: with 1 each message carries one entry",
    usual: "262144",
  },
  { flags: "--timeouts <count>", words: "how often a member's patience ends", usual: "2" },
  { flags: "--ticks <count>", words: "heartbeats of leaders", usual: "0" },
  { flags: "--crashes <count>", words: "crashes, each with a restart", usual: "1" },
  { flags: "--start <state>", words: "led: from a group that has elected its first leader; or new", usual: "led" },
  ...networkOptions("any", "1", "1"),
  diskOption("late"),
];

/** Raft, as the command explores it. */
export const raft: ExplorableProtocol = {
  name: "raft",
  summary: "a replicated log under a leader",
  description: "Members that elect leaders, replicate what is proposed, and crash.",
  options,
  usual: () => usualOf(options),
  read: (reader) => {
    const limits = {
      members: reader.count("members", 1, 5),
      start: reader.oneOf("start", ["new", "led"]),
      terms: reader.count("terms", 0, 15),
      timeouts: reader.count("timeouts", 0, 15),
      ticks: reader.count("ticks", 0, 15),
      proposals: reader.count("proposals", 0, 15),
      reads: reader.count("reads", 0, 15),
      appendBytesMax: reader.count("appendBytesMax", 1, 2 ** 30),
    };
    const { members, start, terms } = limits;
    return {
      explored: { protocol: "raft", limits },
      bounds: {
        crashes: reader.count("crashes", 0, 15),
        ...readNetwork(reader),
        disk: reader.oneOf("disk", ["late", "fast"]),
      },
      told: {
        group: `${members} members (${start}), terms to ${terms}`,
        counts: [
          ["proposals", limits.proposals],
          ["reads", limits.reads],
          ["timeouts", limits.timeouts],
          ["heartbeats", limits.ticks],
        ],
      },
    };
  },
};
