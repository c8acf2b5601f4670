import { Argument, Command } from "commander";
import { CommandFailure, exitCode } from "../exit.ts";

interface NodeWords {
  readonly dataDir?: string;
}

/** How a workload is served, and by which options. Loaded when it is asked for. */
interface Server {
  readonly options: readonly (keyof NodeWords)[];
  serve(words: NodeWords): Promise<void>;
}

const plain = (serve: Server["serve"]): Server => ({ options: [], serve });
const replicated = (serve: Server["serve"]): Server => ({ options: ["dataDir"], serve });

const servers: Readonly<Record<string, Server>> = {
  echo: plain(async () => (await import("../../maelstrom/nodes/echo.ts")).serveEcho()),
  "unique-ids": plain(async () => (await import("../../maelstrom/nodes/unique-ids.ts")).serveUniqueIds()),
  kafka: replicated(async (words) => (await import("../../maelstrom/nodes/kafka.ts")).serveKafka(words)),
  "txn-list-append": replicated(async (words) =>
    (await import("../../maelstrom/nodes/txn.ts")).serveTransactions("txn-list-append", words),
  ),
  "txn-rw-register": replicated(async (words) =>
    (await import("../../maelstrom/nodes/txn.ts")).serveTransactions("txn-rw-register", words),
  ),
  "lin-kv": replicated(async (words) => (await import("../../maelstrom/nodes/lin-kv.ts")).serveLinKv(words)),
};

/** `quorate maelstrom node`: one node of a workload, for a harness to start. */
export function nodeCommand(): Command {
  return new Command("node")
    .summary("be one node of a workload, on stdin and stdout")
    .description("Serves a workload as one node, until stdin ends. A harness starts it, and says which node it is.")
    .addArgument(new Argument("<workload>", "which workload").choices(Object.keys(servers)))
    .option(
      "--data-dir <directory>",
      "kafka, txn-*, lin-kv: keep data, each node in its own folder (default: in memory)",
    )
    .action(async (workload: string, words: NodeWords) => {
      const server = servers[workload];
      if (server === undefined) return;
      for (const option of Object.keys(words) as (keyof NodeWords)[]) {
        if (server.options.includes(option)) continue;
        throw new CommandFailure(exitCode.usage, `${workload} does not take --${kebab(option)}`);
      }
      await server.serve(words);
    });
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
