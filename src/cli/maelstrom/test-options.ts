import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { consistencyModels } from "../../checker/index.ts";
import { latencyDistributions } from "../../workbench/network/latency.ts";
import { faultKinds, nodesMax, type TestOptions } from "../../workbench/run/options.ts";
import { topologyNames } from "../../workbench/workloads/topology.ts";
import { workloads } from "../../workbench/workloads/workloads.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { nearest } from "../nearest.ts";
import { parseWhole } from "../quantities.ts";
import { testDefaults } from "./test-defaults.ts";

/** The options of a test as they were typed. */
export interface TestWords {
  readonly workload: string;
  readonly bin?: string;
  readonly nodeCount?: string;
  readonly nodes?: string;
  readonly concurrency: string;
  readonly rate: string;
  readonly timeLimit: string;
  readonly latency: string;
  readonly latencyDist: string;
  readonly pLoss: string;
  readonly pDuplicate: string;
  readonly nemesis?: string;
  readonly nemesisInterval: string;
  readonly topology: string;
  readonly availability?: string;
  readonly consistencyModels: string;
  readonly keyCount?: string;
  readonly maxTxnLength: string;
  readonly maxWritesPerKey: string;
  readonly recovery: string;
  readonly seed?: string;
  readonly fast?: boolean;
  readonly testCount: string;
  readonly store: string;
  readonly logStderr?: boolean;
  readonly logNetSend?: boolean;
  readonly logNetRecv?: boolean;
  readonly json?: boolean;
}

const nodesDefault: readonly string[] = ["n1", "n2", "n3", "n4", "n5"];

const daySeconds = 86_400;

/** Reads the words of a test; what cannot be meant is refused. */
export function parseTestOptions(words: readonly string[], given: TestWords): TestOptions {
  const nodes = nodesOf(given);
  return {
    workload: oneOf("--workload", given.workload, [...workloads.keys()]),
    command: commandOf(words, given.bin),
    nodes,
    concurrency: concurrencyOf(given.concurrency, nodes.length),
    rate: parseNumber("--rate", given.rate, 0, 1e6),
    timeLimitSeconds: parseNumber("--time-limit", given.timeLimit, 0, daySeconds),
    latencyMs: whole("--latency", given.latency, 0, 60_000),
    latencyDistribution: oneOf("--latency-dist", given.latencyDist, latencyDistributions),
    loss: parseNumber("--p-loss", given.pLoss, 0, 1),
    duplication: parseNumber("--p-duplicate", given.pDuplicate, 0, 1),
    faults: listOf(given.nemesis).map((name) => oneOf("--nemesis", name, faultKinds)),
    nemesisIntervalSeconds: parseNumber("--nemesis-interval", given.nemesisInterval, 0.001, daySeconds),
    topology: oneOf("--topology", given.topology, topologyNames),
    keyCount: parseWhole(given.keyCount, "--key-count", 1, 1000),
    maxTxnLength: whole("--max-txn-length", given.maxTxnLength, 1, 1000),
    maxWritesPerKey: whole("--max-writes-per-key", given.maxWritesPerKey, 1, 1_000_000),
    consistencyModels: listOf(given.consistencyModels).map((name) =>
      oneOf("--consistency-models", name, consistencyModels),
    ),
    availability: availabilityOf(given.availability),
    seed: parseWhole(given.seed, "--seed", 0, Number.MAX_SAFE_INTEGER) ?? randomInt(2 ** 32),
    fast: given.fast === true,
    recoverySeconds: parseNumber("--recovery", given.recovery, 0, daySeconds),
  };
}

/** The words that repeat a test: what was left open is filled in, and what is meant anyway left out. */
export function repeatingWords(options: TestOptions): readonly string[] {
  const { nodes, concurrency, faults, keyCount, availability } = options;
  const numbered = nodes.every((id, at) => id === `n${at}`);
  const told = (option: string, value: unknown, meant?: string): readonly string[] =>
    value === undefined || String(value) === meant ? [] : [option, String(value)];
  return [
    ...["maelstrom", "test", "-w", options.workload],
    ...(numbered ? told("--node-count", nodes.length) : told("--nodes", nodes.join(), nodesDefault.join())),
    ...told("--concurrency", concurrency, String(nodes.length)),
    ...told("--rate", options.rate, testDefaults.rate),
    ...told("--time-limit", options.timeLimitSeconds, testDefaults.timeLimit),
    ...told("--latency", options.latencyMs, testDefaults.latency),
    ...told("--latency-dist", options.latencyDistribution, testDefaults.latencyDist),
    ...told("--p-loss", options.loss, testDefaults.pLoss),
    ...told("--p-duplicate", options.duplication, testDefaults.pDuplicate),
    ...told("--nemesis", faults.join(), ""),
    ...told("--nemesis-interval", options.nemesisIntervalSeconds, testDefaults.nemesisInterval),
    ...told("--topology", options.topology, testDefaults.topology),
    ...told("--availability", availability),
    ...told("--consistency-models", options.consistencyModels.join(), testDefaults.consistencyModels),
    ...told("--key-count", keyCount),
    ...told("--max-txn-length", options.maxTxnLength, testDefaults.maxTxnLength),
    ...told("--max-writes-per-key", options.maxWritesPerKey, testDefaults.maxWritesPerKey),
    ...told("--recovery", options.recoverySeconds, testDefaults.recovery),
    ...["--seed", String(options.seed), ...(options.fast ? ["--fast"] : []), "--", ...options.command],
  ];
}

/** Reads an option that is a number from `least` to `most`. */
function parseNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw misuse(`${option} must be a number from ${least} to ${most}, not ${text}`);
}

function whole(option: string, text: string, least: number, most: number): number {
  return parseWhole(text, option, least, most) ?? least;
}

function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const [near] = nearest(text, names);
  throw misuse(
    `${option} must be one of ${names.join(", ")}, not ${text}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}

function listOf(text = ""): string[] {
  return text.split(",").flatMap((part) => part.trim() || []);
}

function nodesOf({ nodeCount, nodes }: TestWords): readonly string[] {
  const count = parseWhole(nodeCount, "--node-count", 1, nodesMax);
  if (count !== undefined) return Array.from({ length: count }, (_, index) => `n${index}`);
  return nodes === undefined ? nodesDefault : listOf(nodes);
}

/** A number of clients, or a number for each node: `4n`. */
function concurrencyOf(text: string, nodeCount: number): number {
  const [, count = "", each] = /^(\d{1,6})(n?)$/.exec(text) ?? [];
  if (count === "") throw misuse(`--concurrency must be a whole number, or one for each node like 2n, not ${text}`);
  return Number(count) * (each === "n" ? nodeCount : 1);
}

function availabilityOf(text: string | undefined): "total" | number | undefined {
  return text === undefined || text === "total" ? text : parseNumber("--availability", text, 0, 1);
}

/** A file in sight is meant, whether or not its name says where it is. */
function commandOf(words: readonly string[], bin: string | undefined): readonly string[] {
  if (bin !== undefined) return [existsSync(bin) ? resolve(bin) : bin, ...words];
  if (words.length > 0) return words;
  throw misuse("name the nodes' program: --bin ./node, or a command like -- node echo.js");
}

function misuse(message: string): CommandFailure {
  return new CommandFailure(exitCode.usage, message);
}
