import type { Vocabulary } from "../../protocols/core.ts";
import type { Plan } from "../plans/plan.ts";
import type { CoreOptions, MachineOptions, ProtocolOptions } from "./options.ts";
import type { Report } from "./report.ts";
import { Simulation } from "./simulation.ts";

/**
 * Runs a protocol, a user's own one, or a user's own machine in hostile worlds, one for each seed.
 *
 * Everything follows from the options and the seeds: the same again is the same run. Stops at the first run that fails,
 * and makes it small; `assertOk` of the report throws then. Throws `OptionError`.
 */
export function simulate<V extends Vocabulary, State>(options: CoreOptions<V, State>): Promise<Report>;
/** The same with a user's own machine. */
export function simulate<State, Command, Answer, Question, Reply, ModelState>(
  options: MachineOptions<State, Command, Answer, Question, Reply, ModelState>,
): Promise<Report>;
/** The same with a protocol of this package. */
export function simulate(options: ProtocolOptions): Promise<Report>;
/** All of these, whose options are checked here. */
export async function simulate(options: object): Promise<Report> {
  const simulation = new Simulation(options);
  const { first, count } = simulation.config;
  const report = simulation.newReport();
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await simulation.run(seed);
    report.add(seed, outcome);
    if (outcome.failure === undefined) continue;
    report.explanation = await simulation.explain(seed);
    break;
  }
  return report;
}

/** Runs one plan again, such as a scenario of a run that failed. `options` are those of `simulate`. */
export async function replay(options: object, plan: Plan): Promise<Report> {
  const simulation = new Simulation(options);
  const report = simulation.newReport(true);
  report.add(plan.seed, await simulation.replay(plan));
  return report;
}
