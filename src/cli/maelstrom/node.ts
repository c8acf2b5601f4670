import { Argument, Command } from "commander";

/** How each workload is served; loaded when it is asked for. */
const servers: Readonly<Record<string, () => Promise<void>>> = {
  echo: async () => (await import("../../maelstrom/nodes/echo.ts")).serveEcho(),
  "unique-ids": async () => (await import("../../maelstrom/nodes/unique-ids.ts")).serveUniqueIds(),
};

/** `quorate maelstrom node`: one node of a workload, for a harness to start. */
export function nodeCommand(): Command {
  return new Command("node")
    .summary("be one node of a workload, on stdin and stdout")
    .description("Serves a workload as one node, until stdin ends. A harness starts it, and says which node it is.")
    .addArgument(new Argument("<workload>", "which workload").choices(Object.keys(servers)))
    .action(async (workload: string) => {
      await servers[workload]?.();
    });
}
