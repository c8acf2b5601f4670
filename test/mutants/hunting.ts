import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import type { Catch, Hunt } from "./hunt.ts";
import { bundleMutated } from "./mutated.ts";
import { type Patch, parsePatch } from "./patch.ts";

const here = fileURLToPath(new URL("./", import.meta.url));
const run = promisify(execFile);

/** The file of the patch at `PROTOCOL/NAME`. */
function patchFile(path: string): string {
  return `${here}patches/${path}.patch`;
}

/** The patch at `PROTOCOL/NAME`. */
export async function readPatch(path: string): Promise<Patch> {
  return parsePatch(await readFile(patchFile(path), "utf8"));
}

/** Hunts the mutant at `PROTOCOL/NAME`; without it the sources as they are. What takes too long has caught nothing. */
export async function huntMutant(path: string | undefined, hunt: Hunt, timeMsMax: number): Promise<Catch> {
  if (hunt.by === "tests") return await huntByTests(path ?? "", hunt.files, timeMsMax);
  const directory = await mkdtemp(join(tmpdir(), "quorate-mutant-"));
  try {
    const patch = path === undefined ? undefined : await readPatch(path);
    const file = join(directory, "quarry.mjs");
    await writeFile(file, await bundleMutated("test/mutants/quarry.ts", patch));
    return await work(pathToFileURL(file), hunt, timeMsMax);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function work(file: URL, hunt: Hunt, timeMsMax: number): Promise<Catch> {
  const worker = new Worker(file, { workerData: hunt });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end({ claim: undefined, effort: 0 }), timeMsMax);
    const end = (caught: Catch): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(caught);
    };
    worker.once("message", end);
    worker.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** Runs tests on the mutant: the name of the first that fails is what they say. */
async function huntByTests(path: string, files: readonly string[], timeMsMax: number): Promise<Catch> {
  const words = ["node_modules/vitest/vitest.mjs", "run", "--config", `${here}vitest.config.ts`, "--reporter=json"];
  const options = { cwd: join(here, "../.."), env: { ...process.env, MUTANT: patchFile(path) }, timeout: timeMsMax };
  const output = await run(process.execPath, [...words, ...files], { ...options, maxBuffer: 2 ** 26 }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout?: string }) => error.stdout ?? "",
  );
  return { claim: firstFailure(JSON.parse(output)), effort: files.length };
}

interface TestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

function firstFailure({ testResults }: TestReport): string | undefined {
  const broken = testResults.find(({ message, assertionResults }) => message !== "" && assertionResults.length === 0);
  if (broken !== undefined) throw new Error(broken.message); // it did not even load: that is no catch
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return all.find(({ status }) => status === "failed")?.title;
}
