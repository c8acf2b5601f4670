import { Command } from "commander";
import { variableOf } from "../serve-options.ts";
import { broadcastSettings } from "./settings.ts";

/** `quorate broadcast`: a member of a group that multicasts lines. */
export function broadcastCommand(): Command {
  const command = new Command("broadcast")
    .summary("send lines to a group, and print all its lines in one order")
    .description(
      "Takes part in a group without a leader: each line of the input is delivered on every member, all lines in the same " +
        "order everywhere. Prints what is delivered, and appends it to <port>.log. Leaves when the input ends, or at " +
        "SIGINT or SIGTERM. Every option may also come from its variable or a file.",
    )
    .option("--config <file>", "YAML or JSON file with options (QUORATE_CONFIG)");
  for (const { name, value, description } of broadcastSettings) {
    const flag = value === undefined ? `--${name}` : `--${name} <${value}>`;
    command.option(flag, `${description} (${variableOf(name)})`);
  }
  return command
    .addHelpText(
      "after",
      "\nA flag beats a variable, a variable beats the file. Members may start in any order; a majority of the seeds founds" +
        "\nthe group. Exits with 0 when all lines were delivered, with 2 when that is not known of some.",
    )
    .action(async (flags: Record<string, unknown>) => {
      const { broadcast } = await import("./broadcast.ts");
      process.exit(await broadcast({ flags, env: process.env }));
    });
}
