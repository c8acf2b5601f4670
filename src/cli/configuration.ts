import { readFileSync, statSync } from "node:fs";
import { parse } from "yaml";
import { CommandFailure, exitCode } from "./exit.ts";
import { nearest } from "./nearest.ts";
import { type Setting, serveSettings, variableOf } from "./serve-options.ts";
import { checkServeSettings, type Given, type ServeSettings, SettingError } from "./settings.ts";

const fileBytesMax = 1024 * 1024;

/** Variables that other commands read; no misspelling of a setting. */
const otherVariables: readonly string[] = [
  ...["QUORATE_CONFIG", "QUORATE_ENDPOINTS"],
  ...["QUORATE_CACERT", "QUORATE_CERT", "QUORATE_KEY"],
];

/** Where settings come from: a flag beats a variable beats the file. */
export interface Sources {
  /** Flags as commander gives them, in camel case. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: NodeJS.ProcessEnv;
}

/** Settings, and what is worth a warning: variables that look like settings and are none. */
export interface Configuration {
  readonly settings: ServeSettings;
  readonly warnings: readonly string[];
}

/** Reads and checks the settings of one node. */
export function readConfiguration(sources: Sources): Configuration {
  return readSettings(sources, serveSettings, (given) => checkServeSettings(given));
}

/**
 * Gathers settings and has them checked; a `SettingError` becomes the end of the command.
 *
 * An unknown key in the file is an error. An unknown `QUORATE_` variable is only a warning: container platforms make
 * up such variables for a service of that name. `translate` may turn another form of the file into these keys.
 */
export function readSettings<Settings>(
  sources: Sources,
  settings: readonly Setting[],
  check: (given: ReadonlyMap<string, Given>) => Settings,
  translate: (content: object) => object = (content) => content,
): { readonly settings: Settings; readonly warnings: readonly string[] } {
  const known = settings.map(({ name }) => name);
  const given = new Map<string, Given>();
  try {
    const path = sources.flags.config ?? sources.env.QUORATE_CONFIG;
    if (typeof path === "string" && path !== "") readFile(path, known, given, translate);
    for (const name of known) {
      const value = sources.env[variableOf(name)];
      if (value !== undefined && value !== "") given.set(name, { value, origin: variableOf(name) });
    }
    for (const name of known) {
      const value = sources.flags[camelCase(name)];
      if (value !== undefined) given.set(name, { value, origin: `--${name}` });
    }
    return { settings: check(given), warnings: unknownVariables(sources.env, known) };
  } catch (error) {
    if (error instanceof SettingError) throw new CommandFailure(exitCode.usage, error.message, { cause: error });
    throw error;
  }
}

/** Adds what a YAML or JSON file says (JSON is YAML, too). */
function readFile(
  path: string,
  known: readonly string[],
  given: Map<string, Given>,
  translate: (content: object) => object,
): void {
  const content = parseFile(path);
  if (content === null || content === undefined) return;
  if (typeof content !== "object" || Array.isArray(content)) {
    throw new SettingError(`${path} must hold keys and values, like \`port: 12380\``);
  }
  for (const [key, value] of Object.entries(translate(content))) {
    if (!known.includes(key)) throw new SettingError(`${path} has the unknown key ${key}${suggestion(key, known)}`);
    given.set(key, { value, origin: `${key} in ${path}` });
  }
}

function parseFile(path: string): unknown {
  let text: string;
  try {
    if (statSync(path).size > fileBytesMax) throw new SettingError(`${path} is larger than ${fileBytesMax} bytes`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof SettingError) throw error;
    throw new SettingError(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return parse(text);
  } catch (error) {
    throw new SettingError(`${path} is no YAML or JSON: ${(error as Error).message}`);
  }
}

function unknownVariables(env: NodeJS.ProcessEnv, known: readonly string[]): string[] {
  const variables = [...known.map(variableOf), ...otherVariables];
  return Object.keys(env)
    .filter((name) => name.startsWith("QUORATE_") && !variables.includes(name))
    .map((name) => `the variable ${name} is no setting and is ignored${suggestion(name, variables)}`);
}

function suggestion(name: string, candidates: readonly string[]): string {
  const [best] = nearest(name, candidates);
  return best === undefined ? "" : `; did you mean ${best}?`;
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
