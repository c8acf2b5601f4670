import { availableParallelism } from "node:os";
import { parseWhole } from "../quantities.ts";

/** The options of `quorate simulate`, as they were typed. */
export interface Words {
  readonly seed?: string;
  readonly runs?: string;
  readonly members?: string;
  readonly workload?: string;
  readonly faults?: string;
  readonly operations?: string;
  readonly jobs?: string;
  readonly trace?: string;
  readonly keepGoing?: boolean;
  readonly json?: boolean;
}

/** What to run, on how many threads, and what to say of it. */
export interface Settings {
  readonly choices: Choices;
  readonly jobs: number;
  readonly traceFile: string | undefined;
  readonly keepGoing: boolean;
  readonly json: boolean;
}

/** What was asked of the runs; the rest is a file's own, or a default. */
export interface Choices {
  readonly seeds?: { readonly first: number; readonly count: number };
  readonly members?: number;
  readonly operations?: number;
  readonly workload?: string;
  readonly faults?: "all" | "none" | readonly string[];
}

const seedMax = 2 ** 48;
const runsMax = 10_000_000;
const jobsMax = 64;
/** About a quarter of a minute on two cores. */
const runsDefault = 300;

/** What is run when neither the command line nor a file says. */
export const seedsDefault: { readonly first: number; readonly count: number } = { first: 1, count: runsDefault };

/** Checks numbers; names are checked by those who know them. */
export function readSettings(words: Words): Settings {
  const first = parseWhole(words.seed, "--seed", 0, seedMax);
  const count = parseWhole(words.runs, "--runs", 1, runsMax);
  const members = parseWhole(words.members, "--members", 1, 9);
  const operations = parseWhole(words.operations, "--operations", 0, 10_000);
  const { workload, faults } = words;
  const isChosen = first !== undefined || count !== undefined;
  return {
    choices: {
      ...(isChosen && { seeds: { first: first ?? seedsDefault.first, count: count ?? seedsDefault.count } }),
      ...(members !== undefined && { members }),
      ...(operations !== undefined && { operations }),
      ...(workload !== undefined && { workload }),
      ...(faults !== undefined && { faults: splitFaults(faults) }),
    },
    jobs: parseWhole(words.jobs, "--jobs", 1, jobsMax) ?? Math.min(availableParallelism(), jobsMax),
    traceFile: words.trace,
    keepGoing: words.keepGoing === true,
    json: words.json === true,
  };
}

function splitFaults(text: string): "all" | "none" | readonly string[] {
  if (text === "all" || text === "none") return text;
  return text.split(",").map((name) => name.trim());
}

/** The options that ask for the same worlds again, one seed of them; what was not chosen stays unsaid. */
export function repeatWords({ members, workload, faults, operations }: Choices, seed: number): string[] {
  return [
    ...["--seed", String(seed), "--runs", "1"],
    ...(members === undefined ? [] : ["--members", String(members)]),
    ...(workload === undefined ? [] : ["--workload", workload]),
    ...(faults === undefined ? [] : ["--faults", typeof faults === "string" ? faults : faults.join(",")]),
    ...(operations === undefined ? [] : ["--operations", String(operations)]),
  ];
}
