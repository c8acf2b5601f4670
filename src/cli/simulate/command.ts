import { Command } from "commander";
import type { Words } from "./settings.ts";

/** `quorate simulate`: the protocol's own code in hostile worlds, one for each seed. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .summary("run a protocol, or your own machine, in thousands of hostile worlds")
    .description(
      "Runs the code of production in simulated worlds of slow networks, failing disks, wrong clocks and crashes, and checks " +
        "after every step that no promise is broken. A seed decides everything: the same seed is the same run. Exits with 1 " +
        "when a run fails, and says how to repeat it.",
    )
    .argument("[subject]", "a protocol, or a file that exports options for simulate(); left out: what there is")
    .option("--seed <number>", "the first run's seed; the next have the numbers after it (default: 1)")
    .option("--runs <count>", "how many worlds (default: 1000)")
    .option("--members <count>", "members of the cluster, 1 to 9 (default: 5)")
    .option("--workload <name>", "what clients do (default: the first that the protocol knows; raft: kv)")
    .option("--faults <list>", "all, none, or some by name: crash,partition,… (default: all)")
    .option("--operations <count>", "client operations in each run (default: 200)")
    .option("--jobs <count>", "threads (default: one for each core)")
    .option("--keep-going", "do not stop at the first failure")
    .option("--trace <file>", "write all that happened in the run that failed, or else in the last one")
    .option("--json", "answer as JSON: runs, failures, digest")
    .action(async (subject: string | undefined, words: Words) => {
      const { simulate } = await import("./simulate.ts");
      process.exitCode = await simulate(subject, words);
    });
}
