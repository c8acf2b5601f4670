import { Command } from "commander";
import { CommandFailure, exitCode } from "../exit.ts";
import { nearest } from "../nearest.ts";
import { say } from "../terminal.ts";

/** `quorate help`: of a command, or the page of an error code. */
export function helpCommand(): Command {
  return new Command("help")
    .summary("explain a command, or an error code like QUORATE_NO_LEADER")
    .description("Explains a command, or the error with this code: what happened, what it means, what to do.")
    .argument("[topic...]", "a command, or a code like QUORATE_NO_LEADER")
    .action(async (topics: string[], _: object, command: Command) => {
      const [topic] = topics;
      if (topic !== undefined && /^quorate_/i.test(topic)) {
        const { errorPage } = await import("../error-pages.ts");
        return say(errorPage(topic).replace(/^## /, ""));
      }
      let subject = command.parent ?? command;
      for (const name of topics) subject = commandNamed(subject, name);
      return subject.help();
    });
}

function commandNamed(parent: Command, name: string): Command {
  const found = parent.commands.find((command) => command.name() === name);
  if (found !== undefined) return found;
  const [close] = nearest(
    name,
    parent.commands.map((command) => command.name()),
  );
  throw new CommandFailure(
    exitCode.usage,
    `there is no command ${name}${close === undefined ? "" : `; did you mean ${close}?`}`,
  );
}
