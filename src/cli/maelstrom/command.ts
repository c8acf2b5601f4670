import { Command } from "commander";
import { glomersCommand } from "./glomers.ts";
import { nodeCommand } from "./node.ts";
import { storeCommand } from "./serve.ts";
import { testCommand } from "./test.ts";

/** `quorate maelstrom`: nodes for the Maelstrom workbench. */
export function maelstromCommand(): Command {
  return new Command("maelstrom")
    .summary("nodes of Maelstrom's workloads")
    .description("Nodes that speak Maelstrom's protocol: JSON lines on stdin and stdout. docs/maelstrom.md says more.")
    .helpCommand(false)
    .addCommand(testCommand())
    .addCommand(glomersCommand())
    .addCommand(storeCommand())
    .addCommand(nodeCommand());
}
