import { OptionError } from "../../base/errors.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import type { OwnCore } from "../own/core.ts";
import { coreSubject } from "../own/core-subject.ts";
import { machineWorkload, type OwnMachine } from "../own/machine-workload.ts";
import { type DrawOptions, type FaultKind, faultKinds } from "../plans/draw.ts";
import { raftSubject } from "../raft/subject.ts";
import type { Subject } from "../subject.ts";
import { namedProtocols } from "./protocols.ts";

/** How many worlds, and what each is drawn within. */
export interface RunOptions {
  /** How many runs, from seed 1 on; or from another seed on. Default 100. */
  readonly seeds?: number | { readonly first: number; readonly count: number };
  /** Members of the group, 1 to 9. Default 5. */
  readonly members?: number;
  /** Calls of all clients together in each run, at most 10,000. Default 200. */
  readonly operations?: number;
  /** Clients that call at the same time, 1 to 64. Default 8. */
  readonly clients?: number;
  /** Which faults may happen; each run has some of them. Default: all. */
  readonly faults?: "all" | "none" | readonly string[];
}

/** A protocol of this package, by name. */
export interface ProtocolOptions extends RunOptions {
  readonly protocol: string;
  /** What clients do. Default: the first that the protocol knows. */
  readonly workload?: string;
}

/** A user's own protocol: anything that keeps the contract of `Core`. */
export interface CoreOptions<V extends Vocabulary, State> extends RunOptions, OwnCore<V, State> {}

/** A user's own machine on Raft, where each command is applied exactly once. */
export interface MachineOptions<State, Command, Answer, Question, Reply, ModelState>
  extends RunOptions,
    OwnMachine<State, Command, Answer, Question, Reply, ModelState> {}

/** What the rest of the simulator sees: complete and checked. */
export interface SimulationConfig {
  /** In a few words: `raft, workload kv`. */
  readonly title: string;
  readonly subject: Subject;
  readonly first: number;
  readonly count: number;
  readonly draw: Required<DrawOptions>;
}

const seedMax = 2 ** 48;

/** The only place where options are checked: throws `OptionError`. */
export function checkOptions(options: object): SimulationConfig {
  const given = options as RunOptions;
  const { members = 5, operations = 200, clients = 8, seeds = 100 } = given;
  const { first, count } = typeof seeds === "number" ? { first: 1, count: seeds } : seeds;
  checkWhole("seeds", first, 0, seedMax);
  checkWhole("seeds", count, 1, 10_000_000);
  checkWhole("members", members, 1, 9);
  checkWhole("operations", operations, 0, 10_000);
  checkWhole("clients", clients, 1, 64);
  const { title, subject } = checkSubject(options);
  const { faults, acts } = checkFaults(given.faults ?? "all", subject);
  return { title, subject: { ...subject, acts }, first, count, draw: { members, calls: operations, clients, faults } };
}

function checkSubject(options: object): { readonly title: string; readonly subject: Subject } {
  const kinds = ["protocol", "core", "machine"].filter((name) => name in options);
  check("protocol", kinds.length === 1, "give one of protocol, core and machine");
  if ("protocol" in options) return namedSubject(options as ProtocolOptions);
  if ("core" in options) {
    checkFunctions(options, "core", "workload");
    checkClaims(options, "invariants");
    return { title: "your core", subject: coreSubject(options as CoreOptions<Vocabulary, unknown>) };
  }
  const own = options as MachineOptions<unknown, unknown, unknown, unknown, unknown, unknown>;
  check("workload", typeof own.workload === "object" && own.workload !== null, "must be an object");
  checkFunctions(own.machine, "initial", "apply", "query", "snapshot", "restore");
  checkFunctions(own.workload, "command");
  if (own.invariants !== undefined) checkClaims(options, "invariants");
  return { title: "your machine on raft", subject: raftSubject(machineWorkload(own)) };
}

function namedSubject({ protocol, workload }: ProtocolOptions): { readonly title: string; readonly subject: Subject } {
  const found = namedProtocols.find(({ name }) => name === protocol);
  if (found === undefined)
    throw new OptionError(
      "protocol",
      unknownName(
        protocol,
        namedProtocols.map(({ name }) => name),
      ),
    );
  const chosen = workload ?? found.workloads[0] ?? "";
  check("workload", found.workloads.includes(chosen), unknownName(chosen, found.workloads));
  return { title: `${protocol}, workload ${chosen}`, subject: found.subject(chosen) };
}

/** Faults that only one protocol knows are named like the others. */
function checkFaults(
  faults: "all" | "none" | readonly string[],
  { acts }: Subject,
): { readonly faults: readonly FaultKind[]; readonly acts: readonly string[] } {
  if (faults === "none") return { faults: [], acts: [] };
  if (faults === "all") return { faults: faultKinds, acts };
  const common = faultKinds.filter((kind) => kind !== "act");
  const names = [...common, ...acts];
  for (const name of faults) check("faults", names.includes(name), unknownName(name, names));
  const chosen = acts.filter((name) => faults.includes(name));
  const kinds = common.filter((kind) => faults.includes(kind));
  return { faults: chosen.length === 0 ? kinds : [...kinds, "act"], acts: chosen };
}

function unknownName(name: string, names: readonly string[]): string {
  return `there is no ${name}; there are ${names.join(", ")}`;
}

function checkFunctions(holder: object, ...names: readonly string[]): void {
  const fields = holder as Readonly<Record<string, unknown>>;
  for (const name of names) check(name, typeof fields[name] === "function", "must be a function");
}

function checkClaims(options: object, name: string): void {
  const claims = (options as Readonly<Record<string, unknown>>)[name];
  check(name, typeof claims === "object" && claims !== null, "must be an object of functions, by name");
  checkFunctions(claims as object, ...Object.keys(claims as object));
}

function checkWhole(option: string, value: number, least: number, most: number): void {
  const isRight = Number.isInteger(value) && value >= least && value <= most;
  check(option, isRight, `must be a whole number from ${least} to ${most}`);
}

function check(option: string, holds: boolean, problem: string): void {
  if (!holds) throw new OptionError(option, problem);
}
