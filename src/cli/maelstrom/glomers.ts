import { Command } from "commander";
import type { TestWords } from "./test-options.ts";

/** `quorate maelstrom glomers`: a Gossip Glomers challenge as it is published. */
export function glomersCommand(): Command {
  return new Command("glomers")
    .summary("take a Gossip Glomers challenge: 1 to 6c")
    .description(
      "Tests nodes with the settings that a challenge's page gives, and judges them by its bounds. Without a challenge: " +
        "what there is. The challenges are at https://fly.io/dist-sys.",
    )
    .argument("[challenge]", "1, 2, 3a to 3e, 4, 5a to 5c, 6a to 6c")
    .argument("[words...]", "the arguments of --bin; without --bin, a command and its arguments: -- node echo.js")
    .option("--bin <file>", "the program that runs a node")
    .option("--nemesis <list>", "instead of the challenge's faults: partition, one-way, kill, pause")
    .option("--seed <number>", "repeats requests, delays, losses and faults (default: any)")
    .option("--time-limit <seconds>", "instead of the challenge's")
    .option("--store <directory>", "where results are kept", "store")
    .option("--log-stderr", "show what nodes write to stderr")
    .option("--json", "answer as JSON: the results without history and messages")
    .action(async (challenge: string | undefined, words: string[], options: Partial<TestWords>) => {
      const { takeChallenge } = await import("./run-glomers.ts");
      process.exitCode = await takeChallenge(challenge, words, options);
    });
}
