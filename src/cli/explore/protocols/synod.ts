import { networkOptions, readNetwork } from "./disorder.ts";
import type { ExplorableProtocol } from "./protocol.ts";
import { usualOf } from "./usual.ts";

const options = [
  { flags: "--members <count>", words: "acceptors, 1 to 5", usual: "3" },
  { flags: "--proposers <count>", words: "those of them who propose", usual: "2" },
  { flags: "--ballots <count>", words: "ballots that each of those may begin", usual: "2" },
  ...networkOptions("any", "0", "0"),
];

/** The agreement on one value that ends a view of total order, on its own. */
export const synod: ExplorableProtocol = {
  name: "synod",
  summary: "agreement on one value, as it ends each view of total order",
  description: "Acceptors, some of whom propose, with nothing around them but messages. Nobody forgets anything.",
  options,
  usual: () => usualOf(options),
  read: (reader) => {
    const members = reader.count("members", 1, 5);
    const proposers = reader.count("proposers", 1, members);
    const ballots = reader.count("ballots", 1, 15);
    return {
      explored: { protocol: "synod", limits: { members, proposers, ballots } },
      bounds: { crashes: 0, ...readNetwork(reader), disk: "fast" },
      told: { group: `${members} acceptors, ${proposers} of them propose`, counts: [["ballots of each", ballots]] },
    };
  },
};
