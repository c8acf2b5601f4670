import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { CommandFailure, exitCode } from "../exit.ts";
import { starters, starterText } from "../init/starter.ts";
import { programName, say } from "../terminal.ts";

/** `quorate init`: files to begin with. */
export function initCommand(): Command {
  const maelstrom = new Command("maelstrom")
    .summary("a node for Maelstrom")
    .description("Writes a node that uses quorate/maelstrom, and says how to test it. Never overwrites a file.")
    .argument("[directory]", "where to", ".")
    .addOption(new Option("--language <name>", "js or ts").choices(["js", "ts"]).default("js"))
    .action((directory: string, { language }: { language: "js" | "ts" }) => {
      const { file: name, packages, command } = starters[language];
      const file = join(directory, name);
      writeNew(directory, file, starterText);
      say(`wrote ${file}; what it needs:  npm install ${packages}`);
      say(`test it:  ${programName()} maelstrom glomers 1 -- ${command} ${file}`);
    });
  return new Command("init").summary("files to begin with").helpCommand(false).addCommand(maelstrom);
}

function writeNew(directory: string, file: string, text: string): void {
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new CommandFailure(exitCode.usage, `${file} is there already, and stays as it is`);
  }
}
