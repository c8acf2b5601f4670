import { closeSync, mkdirSync, openSync, renameSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { formatJson } from "../network/json.ts";
import type { RecordedRun } from "../run/recorded-run.ts";

/** Lines that are written at once. */
const linesMax = 1000;

/** Where one test is kept. */
export interface StoredTest {
  readonly directory: string;
  /** The nodes' stderr. */
  readonly logDirectory: string;
}

/** Makes room for a test in the store: `<store>/<workload>/<time>`. */
export function openStoredTest(store: string, workload: string, time: Date): StoredTest {
  const name = time.toISOString().replaceAll(/[-:]/g, "").replace("Z", "");
  const folder = join(store, workload);
  mkdirSync(folder, { recursive: true });
  const directory = newDirectory(join(folder, name));
  const logDirectory = join(directory, "node-logs");
  mkdirSync(logDirectory);
  return { directory, logDirectory };
}

/** Keeps a test: history, messages and results; `latest` points to it from now on. */
export function storeRun(store: string, { directory }: StoredTest, run: RecordedRun): void {
  const { history, messages } = run;
  writeLines(join(directory, "history.jsonl"), history);
  writeLines(join(directory, "messages.jsonl"), messages);
  writeFileSync(join(directory, "results.json"), `${JSON.stringify(resultsOf(run), null, 2)}\n`);
  const time = basename(directory);
  point(join(store, run.workload, "latest"), time);
  point(join(store, "latest"), join(run.workload, time));
}

/** A run without its history and messages: plain data. */
export function resultsOf({ history, messages, parts, bands, ...rest }: RecordedRun): object {
  const named = Object.fromEntries(parts.map(({ name, ...part }) => [name, part]));
  return { ...rest, events: history.length, messagesKept: messages.length, faults: bands, parts: named };
}

function writeLines(file: string, values: readonly unknown[]): void {
  const descriptor = openSync(file, "w");
  try {
    for (let from = 0; from < values.length; from += linesMax) {
      const lines = values.slice(from, from + linesMax).map((value) => `${formatJson(value)}\n`);
      writeSync(descriptor, lines.join(""));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Another test may begin at the same moment. */
function newDirectory(path: string): string {
  for (let number = 1; ; number++) {
    const directory = number === 1 ? path : `${path}-${number}`;
    try {
      mkdirSync(directory);
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** In one step, for others may point it elsewhere, or follow it, meanwhile. */
function point(link: string, target: string): void {
  const fresh = `${link}.${process.pid}`;
  symlinkSync(target, fresh);
  renameSync(fresh, link);
}
