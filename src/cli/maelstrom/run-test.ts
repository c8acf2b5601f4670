import { join } from "node:path";
import { formatJson } from "../../workbench/network/json.ts";
import { writeReport } from "../../workbench/report/report.ts";
import type { JournalMessage } from "../../workbench/run/journal.ts";
import type { TestOptions } from "../../workbench/run/options.ts";
import type { RecordedRun } from "../../workbench/run/recorded-run.ts";
import { runTest } from "../../workbench/run/run-test.ts";
import { openStoredTest, resultsOf, type StoredTest, storeRun } from "../../workbench/store/store.ts";
import { describeRun } from "../../workbench/verdict/text.ts";
import { workloads } from "../../workbench/workloads/workloads.ts";
import { CommandFailure, type ExitCode, exitCode, isSystemError } from "../exit.ts";
import { parseWhole } from "../quantities.ts";
import { note, say } from "../terminal.ts";
import { ProgressLine } from "./progress-line.ts";
import { parseTestOptions, repeatingWords, type TestWords } from "./test-options.ts";

const testsMax = 1_000_000;

/** Runs tests until one is not valid, and says what they came to. */
export async function testNodes(words: readonly string[], given: TestWords): Promise<ExitCode> {
  const options = parseTestOptions(words, given);
  const count = parseWhole(given.testCount, "--test-count", 1, testsMax) ?? 1;
  let code: ExitCode = exitCode.yes;
  for (let number = 0; number < count && code === exitCode.yes; number++) {
    const { run, directory } = await runStored({ ...options, seed: options.seed + number }, given);
    if (run === undefined) return exitCode.interrupted;
    code = exitOf(run);
    say(reportOf(run, directory, given.json === true));
  }
  return code;
}

/** What the shell is told of a verdict. */
export function exitOf({ valid }: RecordedRun): ExitCode {
  if (valid === "unknown") return exitCode.unknown;
  return valid ? exitCode.yes : exitCode.failed;
}

/** Runs a test and keeps it in the store; without a run when somebody interrupts it. */
export async function runStored(
  options: TestOptions,
  given: TestWords,
): Promise<{ readonly run: RecordedRun | undefined; readonly directory: string }> {
  const workload = workloads.get(options.workload);
  if (workload === undefined) throw new RangeError(`no workload ${options.workload}`);
  const stored = openStoredTest(given.store, options.workload, new Date());
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  const isLogging = given.logStderr || given.logNetSend || given.logNetRecv;
  const line = isLogging ? undefined : new ProgressLine(process.stderr, options.timeLimitSeconds);
  try {
    const run = await runTest(workload, options, {
      logDirectory: stored.logDirectory,
      words: repeatingWords(options),
      signal: interrupted.signal,
      ...(line !== undefined && { progress: (progress) => line.show(progress) }),
      ...(given.logStderr && { logged: (id, text) => note(`${id}: ${text}`) }),
      log: {
        ...(given.logNetSend && { sent: (message) => note(`send ${told(message)}`) }),
        ...(given.logNetRecv && { received: (message) => note(`recv ${told(message)}`) }),
      },
    });
    line?.clear();
    await keep(run, given.store, stored);
    return { run, directory: stored.directory };
  } catch (error) {
    line?.clear();
    if (!interrupted.signal.aborted) throw error;
    note(`interrupted; what the nodes wrote is in ${stored.logDirectory}`);
    return { run: undefined, directory: stored.directory };
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}

/** Whoever waited for a verdict gets it, also when it cannot be kept. */
async function keep(run: RecordedRun, store: string, stored: StoredTest): Promise<void> {
  try {
    storeRun(store, stored, run);
    await writeReport(run, join(stored.directory, "report.html"));
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const told = `the results could not be kept (${cause.message}); they are:\n\n${describeRun(run)}`;
    throw new CommandFailure(exitCode.disk, told, { cause });
  }
}

function told({ src, dest, body }: JournalMessage): string {
  return `${src} -> ${dest} ${formatJson(body)}`;
}

/** What a run came to: for people, or as JSON with something more. */
export function reportOf(run: RecordedRun, directory: string, asJson: boolean, more?: object): string {
  if (!asJson) return `${describeRun(run)}\n\n${join(directory, "report.html")}`;
  return JSON.stringify({ ...resultsOf(run), directory, ...more });
}
