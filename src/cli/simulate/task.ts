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
  if (!isFile(subject)) return new Simulation({ protocol: subject, seeds: seedsDefault, ...choices });
  const options = await loadOptions(subject);
  if (choices.workload !== undefined && !("protocol" in options)) {
    throw new OptionError("workload", `${subject} brings its own`);
  }
  return new Simulation({ seeds: seedsDefault, ...options, ...choices });
}

async function loadOptions(file: string): Promise<object> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(exitCode.usage, `${file} cannot be loaded: ${why}`, { cause });
  }
  if (typeof loaded.default === "object" && loaded.default !== null) return loaded.default;
  throw new CommandFailure(exitCode.usage, `${file} has no default export of options for simulate()`);
}
