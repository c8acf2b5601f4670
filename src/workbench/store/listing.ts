import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { isRecord } from "../network/message.ts";

/** One test in the store. */
export interface ListedTest {
  readonly workload: string;
  readonly time: string;
  readonly valid: string;
  readonly nodes: string;
  readonly command: string;
}

/** Most tests that are listed, the latest first. */
const testsMax = 500;
const resultsBytesMax = 64 * 2 ** 20;

/** The tests in a store, the latest first; one that was interrupted has no verdict. */
export function listTests(store: string): ListedTest[] {
  const folders = foldersOf(store).flatMap((workload) =>
    foldersOf(join(store, workload)).map((time) => ({ workload, time })),
  );
  folders.sort((left, right) => (left.time < right.time ? 1 : -1));
  return folders.slice(0, testsMax).map(({ workload, time }) => {
    const results = readResults(join(store, workload, time, "results.json"));
    const { valid = "no verdict", nodes, command } = results;
    return {
      workload,
      time,
      valid: String(valid),
      nodes: Array.isArray(nodes) ? String(nodes.length) : "",
      command: Array.isArray(command) ? command.join(" ") : "",
    };
  });
}

/**
 * A file or folder below the store by its path in a URL; undefined if there is none, it leads out of the store, or it
 * is something else: who opens a pipe waits for ever.
 */
export function findStored(
  store: string,
  path: string,
): { readonly file: string; readonly isFolder: boolean } | undefined {
  try {
    const root = realpathSync(store);
    const file = realpathSync(join(root, path));
    if (file !== root && !file.startsWith(root + sep)) return undefined;
    const found = statSync(file);
    return found.isDirectory() || found.isFile() ? { file, isFolder: found.isDirectory() } : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined; // not there, or no path at all
    throw error;
  }
}

/** What is in a folder, folders with a slash behind their name. */
export function listFolder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}

/** Folders proper: `latest` is a link to one. */
function foldersOf(folder: string): string[] {
  return readdirSync(folder).filter((name) => lstatSync(join(folder, name)).isDirectory());
}

function readResults(file: string): Readonly<Record<string, unknown>> {
  const stored = statSync(file, { throwIfNoEntry: false });
  if (stored === undefined || stored.size > resultsBytesMax) return {};
  try {
    const results: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isRecord(results) ? results : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {}; // half written
    throw error;
  }
}
