import { Command } from "commander";
import { testDefaults } from "./test-defaults.ts";
import type { TestWords } from "./test-options.ts";

/** `quorate maelstrom test`: nodes of anyone, under load and faults, and a verdict. */
export function testCommand(): Command {
  const command = new Command("test")
    .summary("test nodes in any language: workload, faults, verdict")
    .description(
      "Starts nodes, sends them a workload's requests over a network that it can make slow, lossy or broken, and checks " +
        "what came back. Exits with 0 if all is valid, 1 if not, 2 if that cannot be said. Options and verdicts are " +
        "Maelstrom's; docs/maelstrom.md tells what is more.",
    )
    .argument("[words...]", "the arguments of --bin; without --bin, a command and its arguments: -- node echo.js")
    .option("-w, --workload <name>", "what is asked", testDefaults.workload);
  return addTestOptions(command).action(async (words: string[], options: TestWords) => {
    const { testNodes } = await import("./run-test.ts");
    process.exitCode = await testNodes(words, options);
  });
}

/** The options of all commands that run a test. */
function addTestOptions(command: Command): Command {
  return command
    .option("--bin <file>", "the program that runs a node")
    .option("--node-count <count>", "how many nodes, n0 and so on (default: n1 to n5)")
    .option("--nodes <list>", "or their names: a,b,c")
    .option("--concurrency <count>", "clients that ask at a time; 4n: four for each node", testDefaults.concurrency)
    .option("--rate <number>", "requests a second, of all clients", testDefaults.rate)
    .option("--time-limit <seconds>", "how long they ask", testDefaults.timeLimit)
    .option("--latency <ms>", "mean delay between servers", testDefaults.latency)
    .option("--latency-dist <name>", "constant, uniform or exponential", testDefaults.latencyDist)
    .option("--p-loss <share>", "of messages between servers, lost", testDefaults.pLoss)
    .option("--p-duplicate <share>", "of messages between servers, delivered twice", testDefaults.pDuplicate)
    .option("--nemesis <list>", "partition, one-way, kill, pause")
    .option("--nemesis-interval <seconds>", "between faults, on average", testDefaults.nemesisInterval)
    .option(
      "--topology <name>",
      "offered to the nodes: grid, line, total, tree, tree2, tree3, tree4",
      testDefaults.topology,
    )
    .option("--availability <share>", "that must succeed: total, or 0 to 1")
    .option("--consistency-models <list>", "that transactions must keep", testDefaults.consistencyModels)
    .option("--key-count <count>", "keys in use at a time, for transactions and kafka (default: 10)")
    .option("--max-txn-length <count>", "operations in a transaction", testDefaults.maxTxnLength)
    .option("--max-writes-per-key <count>", "for transactions and kafka", testDefaults.maxWritesPerKey)
    .option("--recovery <seconds>", "after all faults and before the last reads", testDefaults.recovery)
    .option("--seed <number>", "repeats requests, delays, losses and faults (default: any)")
    .option("--fast", "skip delays and pauses: as fast as the nodes answer")
    .option("--test-count <count>", "tests in a row, until one is not valid", testDefaults.testCount)
    .option("--store <directory>", "where results are kept", testDefaults.store)
    .option("--log-stderr", "show what nodes write to stderr")
    .option("--log-net-send", "show each message as it is sent")
    .option("--log-net-recv", "show each message as it is received")
    .option("--json", "answer as JSON: the results without history and messages");
}
