import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { broadcastCommand } from "./broadcast/command.ts";
import { certificatesCommand } from "./certificates/command.ts";
import { checkCommand } from "./commands/check.ts";
import { clusterCommand } from "./commands/cluster.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eventsCommand } from "./commands/events.ts";
import { helpCommand } from "./commands/help.ts";
import { initCommand } from "./commands/init.ts";
import { kvCommand } from "./commands/kv.ts";
import { logCommand } from "./commands/log.ts";
import { serveCommand } from "./commands/serve.ts";
import { stackCommand } from "./commands/stack.ts";
import { statusCommand } from "./commands/status.ts";
import { describeError, exitCode, exitCodeOf } from "./exit.ts";
import { exploreCommand } from "./explore/command.ts";
import { maelstromCommand } from "./maelstrom/command.ts";
import { memberCommand, transferCommand } from "./operate/member.ts";
import { recoverCommand } from "./operate/recover.ts";
import { snapshotCommand } from "./operate/snapshot.ts";
import { storageCommand } from "./operate/storage.ts";
import { paxosCommand } from "./paxos/command.ts";
import { simulateCommand } from "./simulate/command.ts";
import { note } from "./terminal.ts";

/** Runs the command line: sets the exit code, and returns when the command is done. Never rejects. */
export async function run(words: readonly string[]): Promise<void> {
  process.on("uncaughtException", (error) => endWith(error));
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCode.yes); // the reader has seen enough
    endWith(error);
  });
  try {
    await commandLine().parseAsync([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCode.yes : exitCode.usage;
    else {
      note(`quorate: ${describeError(error)}`);
      process.exitCode = exitCodeOf(error);
    }
  }
}

function endWith(error: unknown): never {
  note(`quorate: ${describeError(error)}`);
  process.exit(exitCodeOf(error));
}

function commandLine(): Command {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const program = new Command("quorate")
    .description("Order and agreement: replicated objects on a Raft you can trust.")
    .version(version)
    .helpCommand(false)
    .commandsGroup("Run:")
    .addCommand(serveCommand())
    .addCommand(clusterCommand())
    .addCommand(broadcastCommand())
    .addCommand(paxosCommand())
    .commandsGroup("Use:")
    .addCommand(stackCommand())
    .addCommand(logCommand())
    .addCommand(kvCommand())
    .commandsGroup("Operate:")
    .addCommand(statusCommand())
    .addCommand(memberCommand())
    .addCommand(transferCommand())
    .addCommand(snapshotCommand())
    .addCommand(recoverCommand())
    .addCommand(storageCommand())
    .addCommand(certificatesCommand())
    .commandsGroup("Prove:")
    .addCommand(checkCommand())
    .addCommand(simulateCommand())
    .addCommand(exploreCommand())
    .addCommand(doctorCommand())
    .addCommand(maelstromCommand())
    .addCommand(initCommand())
    .commandsGroup("See:")
    .addCommand(eventsCommand())
    .addCommand(helpCommand())
    .addHelpText("after", exitCodesHelp);
  forEach(program, (command) => command.exitOverride().showHelpAfterError("(add --help to see what there is)"));
  return program.hook("preAction", (_, command) => {
    const names = [command.name(), command.parent?.name() ?? ""];
    if (!names.some((name) => graceful.includes(name)))
      process.once("SIGINT", () => process.exit(exitCode.interrupted));
  });
}

/** These end by themselves when they are interrupted. */
const graceful: readonly string[] = ["serve", "up", "broadcast", "server", "simulate", "explore", "test", "glomers"];

const exitCodesHelp = `
Exit codes: 0 yes, 1 failed, 2 outcome unknown, 64 usage or configuration, 69 no quorum and nothing applied,
70 our bug, 74 disk or corruption, 130 interrupted.`;

function forEach(command: Command, act: (command: Command) => void): void {
  act(command);
  for (const child of command.commands) forEach(child, act);
}
