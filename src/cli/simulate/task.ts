import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { OptionError } from "../../base/errors.ts";
import { Simulation } from "../../simulator/index.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { type Choices, seedsDefault } from "./settings.ts";

/** What to simulate, as it can be told to a thread. */
export interface Task {
  /** A protocol's name, or the path of a file that exports options. */
  readonly subject: string;
  readonly choices: Choices;
}

/** Whether a file is meant, and not a protocol. */
export function isFile(subject: string): boolean {
  return /[./\\]/.test(subject);
}

/** Makes a task ready to run: a file is loaded, and all options are checked. */
export async function openSimulation({ subject, choices }: Task): Promise<Simulation> {
  const options = isFile(subject) ? await loadOptions(subject) : { protocol: subject };
  if (choices.workload !== undefined && !("protocol" in options)) {
    throw new CommandFailure(exitCode.usage, `--workload: ${subject} brings its own`);
  }
  try {
    return new Simulation({ seeds: seedsDefault, ...options, ...choices });
  } catch (error) {
    if (error instanceof OptionError) throw asTyped(error, { subject, choices });
    throw error;
  }
}

/** What was wrong with an option of the command line, by the name that it has there. */
function asTyped(error: OptionError, { subject, choices }: Task): Error {
  const { option, problem } = error;
  if (option in choices) return new CommandFailure(exitCode.usage, `--${option}: ${problem}`, { cause: error });
  return option === "protocol" && !isFile(subject)
    ? new CommandFailure(exitCode.usage, problem, { cause: error })
    : error;
}

async function loadOptions(file: string): Promise<object> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    throw new CommandFailure(exitCode.usage, `${file} cannot be loaded: ${whyNot(cause)}`, { cause });
  }
  if (typeof loaded.default === "object" && loaded.default !== null) return loaded.default;
  throw new CommandFailure(exitCode.usage, `${file} has no default export of options for simulate()`);
}

function whyNot(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (!("code" in cause) || cause.code !== "ERR_UNKNOWN_FILE_EXTENSION") return cause.message;
  return `Node ${process.version} runs no such file by itself. Of TypeScript, name what it was compiled to,
  use Node 22.18 or newer, or have it compiled on the way: npm install tsx, then
  NODE_OPTIONS="--import tsx" quorate simulate …`;
}
