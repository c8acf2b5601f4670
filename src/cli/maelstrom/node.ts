import { Argument, Command, Option } from "commander";
import type { GossipSettings, TopologyName } from "../../maelstrom/gossip/settings.ts";
import type { LogProtocolName } from "../../runtime/protocols/kinds.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { parseDuration } from "../quantities.ts";

interface NodeWords {
  readonly tuning?: "latency" | "traffic";
  readonly window?: string;
  readonly topology?: TopologyName;
  readonly consistency?: "strict-serializable" | "read-committed";
  readonly dataDir?: string;
  readonly protocol?: LogProtocolName;
}

/** How a workload is served, and by which options. Loaded when it is asked for. */
interface Server {
  readonly options: readonly (keyof NodeWords)[];
  serve(words: NodeWords): Promise<void>;
}

const gossipOptions = ["tuning", "window", "topology"] as const;
const topologies = ["own", "given", "full", "line", "ring", "grid", "star", ...treeNames()];
/** Several ticks of the gossip below. */
const windowMsMin = 50;
const windowMsMax = 60_000;

const plain = (serve: Server["serve"]): Server => ({ options: [], serve });
const gossiping = (serve: (settings: GossipSettings) => Promise<void>): Server => ({
  options: gossipOptions,
  serve: async (words) => await serve(gossipSettings(words)),
});
const replicated = (serve: Server["serve"]): Server => ({ options: ["dataDir", "protocol"], serve });

const servers: Readonly<Record<string, Server>> = {
  echo: plain(async () => (await import("../../maelstrom/nodes/echo.ts")).serveEcho()),
  "unique-ids": plain(async () => (await import("../../maelstrom/nodes/unique-ids.ts")).serveUniqueIds()),
  broadcast: gossiping(async (settings) =>
    (await import("../../maelstrom/nodes/broadcast.ts")).serveBroadcast(settings),
  ),
  "g-set": gossiping(async (settings) => (await import("../../maelstrom/nodes/g-set.ts")).serveGSet(settings)),
  "g-counter": gossiping(async (settings) =>
    (await import("../../maelstrom/nodes/counter.ts")).serveCounter("g-counter", settings),
  ),
  "pn-counter": gossiping(async (settings) =>
    (await import("../../maelstrom/nodes/counter.ts")).serveCounter("pn-counter", settings),
  ),
  kafka: replicated(async (words) => (await import("../../maelstrom/nodes/kafka.ts")).serveKafka(words)),
  "txn-list-append": replicated(async (words) =>
    (await import("../../maelstrom/nodes/transactions.ts")).serveTransactions("txn-list-append", words),
  ),
  "txn-rw-register": { options: ["consistency", "dataDir", "protocol", ...gossipOptions], serve: serveRegisters },
  "lin-kv": replicated(async (words) => (await import("../../maelstrom/nodes/lin-kv.ts")).serveLinKv(words)),
};

/** `quorate maelstrom node`: one node of a workload, for a harness to start. */
export function nodeCommand(): Command {
  return new Command("node")
    .summary("be one node of a workload, on stdin and stdout")
    .description("Serves a workload as one node, until stdin ends. A harness starts it, and says which node it is.")
    .addArgument(new Argument("<workload>", "which workload").choices(Object.keys(servers)))
    .addOption(
      new Option("--tuning <name>", "broadcast, g-set, counters: send at once, or little").choices([
        "latency",
        "traffic",
      ]),
    )
    .option("--window <duration>", "with --tuning traffic: how long values gather (default: 325ms)")
    .addOption(
      new Option("--topology <name>", "which links they use (default: own, a tree that mends itself)").choices(
        topologies,
      ),
    )
    .addOption(
      new Option("--consistency <model>", "txn-rw-register: agreed on, or always available").choices([
        "strict-serializable",
        "read-committed",
      ]),
    )
    .option("--data-dir <directory>", "kafka, txn-*, lin-kv: keep data, a folder for each node (default: in memory)")
    .addOption(
      new Option("--protocol <name>", "kafka, txn-*, lin-kv: what keeps the order (default: raft)").choices([
        "raft",
        "multi-paxos",
      ]),
    )
    .action(async (workload: string, words: NodeWords) => {
      const server = servers[workload];
      if (server === undefined) return;
      refuseOthers(workload, words, server.options);
      await server.serve(words);
    });
}

async function serveRegisters(words: NodeWords): Promise<void> {
  if (words.consistency === "read-committed") {
    refuseOthers("read-committed", words, ["consistency", ...gossipOptions]);
    await (await import("../../maelstrom/nodes/registers.ts")).serveRegisters(gossipSettings(words));
    return;
  }
  refuseOthers("strict-serializable", words, ["consistency", "dataDir", "protocol"]);
  await (await import("../../maelstrom/nodes/transactions.ts")).serveTransactions("txn-rw-register", words);
}

function gossipSettings({ tuning, window, topology }: NodeWords): GossipSettings {
  if (window === undefined) return { tuning, topology };
  if (tuning !== "traffic") throw new CommandFailure(exitCode.usage, "--window goes with --tuning traffic");
  const windowMs = parseDuration(window, "--window", windowMsMax);
  if (windowMs < windowMsMin) {
    throw new CommandFailure(exitCode.usage, `--window must be at least ${windowMsMin}ms, not ${window}`);
  }
  return { tuning, topology, windowMs };
}

function refuseOthers(who: string, words: NodeWords, options: readonly (keyof NodeWords)[]): void {
  for (const option of Object.keys(words) as (keyof NodeWords)[]) {
    if (!options.includes(option)) {
      const flag = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new CommandFailure(exitCode.usage, `${who} does not take --${flag}`);
    }
  }
}

function treeNames(): string[] {
  return Array.from({ length: 8 }, (_, at) => `tree${at + 2}`);
}
