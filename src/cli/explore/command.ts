import { Command } from "commander";
import type { Words } from "./settings.ts";

/** `quorate explore`: every order of events within bounds, on the code of production. */
export function exploreCommand(): Command {
  return new Command("explore")
    .summary("go through every order of events in a small cluster, and check every state")
    .description(
      "Explores a protocol's own code exhaustively: every order of deliveries, repeats, timeouts, disk writes, crashes and " +
        "restarts within bounds, breadth first, with every promise checked in every state. Exits with 1 when one is broken, " +
        "and tells a shortest way there. docs/explorer.md says what is covered.",
    )
    .argument("<protocol>", "raft")
    .option("--members <count>", "members, 1 to 5", "3")
    .option("--terms <count>", "nobody stands for a later term", "2")
    .option("--proposals <count>", "values proposed, to whoever leads", "2")
    .option("--reads <count>", "linearizable reads, on any member", "0")
    .option("--append-bytes-max <bytes>", "as the core's setting: with 1 each message carries one entry", "262144")
    .option("--timeouts <count>", "how often a member's patience ends", "2")
    .option("--ticks <count>", "heartbeats of leaders", "0")
    .option("--crashes <count>", "crashes, each with a restart", "1")
    .option("--losses <count>", "messages lost (with --order any: as many as can be)", "1")
    .option("--duplicates <count>", "messages delivered twice", "1")
    .option("--start <state>", "led: from a group that has elected its first leader; or new", "led")
    .option("--order <order>", "any, or sent: each link delivers in order", "any")
    .option("--disk <speed>", "late: writes end at any later time; fast: before anything else happens", "late")
    .option("--steps <count>", "no further from the start than this", "1000")
    .option("--states-max <count>", "no more states than this", "20000000")
    .option("--time <duration>", "no longer than this", "60s")
    .option("--jobs <count>", "threads (default: one for each core)")
    .option("--json", "answer as JSON")
    .action(async (protocol: string, words: Words) => {
      const { explore } = await import("./explore.ts");
      process.exitCode = await explore(protocol, words);
    });
}
