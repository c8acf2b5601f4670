import { Command, Option } from "commander";
import { CommandFailure, exitCode } from "../exit.ts";
import type { ExplorableProtocol } from "./protocols/protocol.ts";
import { explorableProtocols } from "./protocols/protocols.ts";
import { nameOf } from "./protocols/usual.ts";
import type { Words } from "./reader.ts";

/** `quorate explore`: every order of events within bounds, on the code of production. */
export function exploreCommand(): Command {
  const explore = new Command("explore")
    .summary("go through every order of events in a small group, and check every state")
    .description(
      "Explores a protocol's own code exhaustively: every order of deliveries, repeats, timeouts, disk writes, crashes and " +
        "restarts within bounds, breadth first, with every promise checked in every state. Exits with 1 when one is broken, " +
        "and tells a shortest way there. docs/explorer.md says what is covered.",
    )
    .usage("<protocol> [options]")
    .helpCommand(false)
    .argument("[protocol]")
    .allowUnknownOption()
    .allowExcessArguments()
    .action((name: string | undefined, _: object, command: Command) => {
      if (name === undefined) return command.help();
      throw new CommandFailure(exitCode.usage, `${name} cannot be explored; ${known} can`);
    });
  for (const protocol of explorableProtocols) explore.addCommand(protocolCommand(protocol));
  return explore;
}

const names = explorableProtocols.map(({ name }) => name);
const known = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function protocolCommand(protocol: ExplorableProtocol): Command {
  const command = new Command(protocol.name).summary(protocol.summary).description(protocol.description);
  for (const { flags, words, usual } of protocol.options) {
    command.option(flags, usual === undefined ? words : `${words} (default: ${usual})`);
  }
  command
    .option("--steps <count>", "no further from the start than this", "1000")
    .option("--states-max <count>", "no more states than this", "20000000")
    .option("--time <duration>", "no longer than this", "60s")
    .option("--walk <count>", "instead of everything so many walks at random, of --steps each at most")
    .option("--seed <number>", "seed of the first walk", "1")
    .option("--jobs <count>", "threads (default: one for each core)")
    .option("--json", "answer as JSON")
    .action(async (words: Words) => {
      refuseOthers(protocol, words);
      const { explore } = await import("./explore.ts");
      process.exitCode = await explore(protocol, words);
    });
  for (const flags of othersOf(protocol).keys()) command.addOption(new Option(flags).hideHelp());
  return protocol.epilogue === undefined ? command : command.addHelpText("after", `\n${protocol.epilogue}`);
}

/** Options that other protocols have, and who has them. */
function othersOf({ options }: ExplorableProtocol): ReadonlyMap<string, readonly string[]> {
  const own = new Set(options.map(({ flags }) => nameOf(flags)));
  const others = new Map<string, string[]>();
  for (const { name, options: theirs } of explorableProtocols) {
    for (const { flags } of theirs) {
      if (own.has(nameOf(flags))) continue;
      const flag = flags.replace(/ .*$/, " <value>");
      others.set(flag, [...(others.get(flag) ?? []), name]);
    }
  }
  return others;
}

function refuseOthers(protocol: ExplorableProtocol, words: Words): void {
  for (const [flags, owners] of othersOf(protocol)) {
    if (words[nameOf(flags)] === undefined) continue;
    const told = `${flags.replace(/ .*$/, "")} means nothing to ${protocol.name}, only to ${owners.join(" and ")}`;
    throw new CommandFailure(exitCode.usage, told);
  }
}
