import { createReadStream, writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import type {
  ConsistencyModel,
  FileFormat,
  Judgement,
  ModelName,
  TransactionModel,
  Verdict,
} from "../../checker/index.ts";
import { CommandFailure, exitCode, isSystemError } from "../exit.ts";
import { parseDuration, parseWhole } from "../quantities.ts";
import { note, say } from "../terminal.ts";

interface CheckCommandOptions {
  readonly model: ModelName | TransactionModel;
  readonly consistency?: string;
  readonly format: FileFormat;
  readonly html?: string;
  readonly json?: boolean;
  readonly stepsMax?: string;
  readonly timeout?: string;
}

const modelNames: readonly ModelName[] = ["register", "kv", "stack", "set", "queue", "log"];
const transactionModels: readonly TransactionModel[] = ["list-append", "rw-register"];
const fileBytesMax = 256 * 2 ** 20;
const stepsLimit = 10 ** 12;
const timeoutMsMax = 24 * 3_600_000;

/** `quorate check`: whether a history in a file is linearizable, or its transactions are as isolated as wanted. */
export function checkCommand(): Command {
  return new Command("check")
    .summary("whether a recorded history is linearizable, or serializable")
    .description(
      "Reads a history of calls and answers (`-`: from stdin) and looks for an order that explains it; or, for " +
        "transactions (list-append, rw-register), for cycles among them that a consistency model forbids. " +
        "Exits with 0 if all is well, 1 if not, 2 if that cannot be said. The format: docs/checker.md.",
    )
    .argument("<file>", "JSON lines of calls and answers, or the log of a Jepsen test")
    .addOption(
      new Option("--model <name>", "what the calls are about")
        .choices([...modelNames, ...transactionModels])
        .makeOptionMandatory(),
    )
    .option("--consistency <list>", "for transactions: what they must keep (default: strict-serializable)")
    .addOption(
      new Option("--format <name>", "how the file is written").choices(["auto", "jsonl", "jepsen"]).default("auto"),
    )
    .option("--html <file>", "also write a picture of it")
    .option("--json", "answer as JSON")
    .option("--steps-max <count>", "most steps of the search (default: 100 million)")
    .option("--timeout <duration>", "longest search, like 30s (default: none)")
    .action(check);
}

async function check(path: string, options: CheckCommandOptions): Promise<void> {
  const { model: name } = options;
  if (name === "list-append" || name === "rw-register") return checkTransactions(path, name, options);
  if (options.consistency !== undefined) {
    throw new CommandFailure(exitCode.usage, `--consistency is for transactions: ${transactionModels.join(", ")}`);
  }
  const stepsMax = parseWhole(options.stepsMax, "--steps-max", 1, stepsLimit);
  const timeoutMs =
    options.timeout === undefined ? undefined : parseDuration(options.timeout, "--timeout", timeoutMsMax);
  const text = await read(path);
  const { checkLinearizable, MalformedError, parseHistory } = await import("../../checker/index.ts");
  process.removeAllListeners("SIGINT"); // the search leaves no turn to a listener: the signal itself must end it
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  try {
    const { history, model } = parseHistory(text, name, options.format);
    const limits = { ...(stepsMax !== undefined && { stepsMax }), stop: () => performance.now() > deadline };
    const verdict = checkLinearizable(history, model, limits);
    say(options.json ? JSON.stringify(told(verdict, name, history.length)) : verdict.text());
    process.exitCode = { ok: exitCode.yes, violation: exitCode.failed, unknown: exitCode.unknown }[verdict.kind];
    if (options.html !== undefined) writeFileSync(options.html, verdict.html());
  } catch (error) {
    if (error instanceof MalformedError) throw new CommandFailure(exitCode.usage, `${path}: ${error.message}`);
    throw error;
  }
  if (options.html !== undefined) note(`a picture is in ${options.html}`);
}

async function checkTransactions(
  path: string,
  model: TransactionModel,
  { consistency = "strict-serializable", format, json, html, stepsMax, timeout }: CheckCommandOptions,
): Promise<void> {
  if (html !== undefined || stepsMax !== undefined || timeout !== undefined || format === "jepsen") {
    throw new CommandFailure(
      exitCode.usage,
      "--html, --steps-max, --timeout and --format jepsen: not for transactions",
    );
  }
  const { consistencyModels, judgeTransactions, MalformedError, parseEvents } = await import("../../checker/index.ts");
  const isModel = (name: string): name is ConsistencyModel => consistencyModels.some((each) => each === name);
  const wanted = consistency.split(",").map((name) => {
    if (isModel(name)) return name;
    throw new CommandFailure(exitCode.usage, `--consistency must be of ${consistencyModels.join(", ")}, not ${name}`);
  });
  const text = await read(path);
  process.removeAllListeners("SIGINT"); // as above
  try {
    const judgement = judgeTransactions(parseEvents(text), { model, consistency: wanted });
    const { valid, anomalies, figures } = judgement;
    const verdict = valid === "unknown" ? "unknown" : valid ? "ok" : "violation";
    say(
      json ? JSON.stringify({ verdict, model, consistency: wanted, ...figures, anomalies }) : tell(judgement, wanted),
    );
    process.exitCode = { ok: exitCode.yes, violation: exitCode.failed, unknown: exitCode.unknown }[verdict];
  } catch (error) {
    if (error instanceof MalformedError) throw new CommandFailure(exitCode.usage, `${path}: ${error.message}`);
    throw error;
  }
}

/** `not serializable: G2-item`, and each anomaly with its transactions. */
function tell({ valid, anomalies, figures }: Judgement, wanted: readonly ConsistencyModel[]): string {
  const models = wanted.join(", ");
  if (valid === true) return `${models}: ${figures.transactions} transactions`;
  const names = [...new Set(anomalies.map(({ name }) => name))].join(", ");
  const title = valid === "unknown" ? `unknown whether ${models}` : `not ${models}: ${names}`;
  return [title, ...anomalies.map(({ name, explanation }) => `\n${name}\n${explanation}`)].join("\n");
}

function told(verdict: Verdict<unknown, unknown>, model: string, calls: number): object {
  const { kind, steps } = verdict;
  const common = { verdict: kind, model, calls, steps };
  switch (kind) {
    case "ok":
      return { ...common, parts: verdict.parts.length };
    case "unknown":
      return { ...common, limit: verdict.limit, parts: verdict.parts.map(({ part }) => part) };
    case "violation": {
      const { calls: few, order, stuck } = verdict.counterexample();
      return {
        ...common,
        part: verdict.part.part,
        counterexample: few.map((each) => ({
          ...each,
          ...(order.includes(each) && { place: order.indexOf(each) + 1 }),
          ...(each === stuck && { stuck: true }),
        })),
      };
    }
  }
}

async function read(path: string): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of path === "-" ? process.stdin : createReadStream(path)) {
      bytes += (chunk as Buffer).length;
      if (bytes > fileBytesMax)
        throw new CommandFailure(exitCode.usage, `${path} is over ${fileBytesMax / 2 ** 20} MiB`);
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if (isSystemError(error)) throw new CommandFailure(exitCode.usage, `cannot read ${path}: ${error.message}`);
    throw error;
  }
}
