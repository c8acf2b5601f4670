import { Command, Option } from "commander";
import { serveSettings, variableOf } from "../serve-options.ts";

/** `quorate serve`: one node in the foreground. */
export function serveCommand(): Command {
  const command = new Command("serve")
    .summary("run one node")
    .description("Runs one node until SIGINT or SIGTERM. Every option may also come from its variable or a file.")
    .option("--config <file>", "YAML or JSON file with options (QUORATE_CONFIG)");
  for (const { name, value, description } of serveSettings) {
    const flag = name === "verbose" ? "-v, --verbose" : `--${name}`;
    command.option(value === undefined ? flag : `${flag} <${value}>`, `${description} (${variableOf(name)})`);
  }
  return command
    .addOption(new Option("--supervised").hideHelp())
    .addHelpText(
      "after",
      "\nA flag beats a variable, a variable beats the file. SIGHUP rereads the log level from the file.",
    )
    .action(async ({ supervised = false, ...flags }: Record<string, unknown> & { supervised?: boolean }) => {
      const { serve } = await import("../serve/serve.ts");
      process.exit(await serve({ flags, env: process.env }, supervised));
    });
}
