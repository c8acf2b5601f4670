import { drawPlan } from "../plans/draw.ts";
import type { Outcome, Plan } from "../plans/plan.ts";
import { calmWorld, runPlan, type RunOptions as TraceOptions } from "../plans/run.ts";
import { shrinkPlan } from "../plans/shrink.ts";
import { checkOptions, type SimulationConfig } from "./options.ts";
import { type Explanation, Report } from "./report.ts";
import { scheduleLines } from "./schedule.ts";

/** Something to simulate, its options checked: a seed is a run. */
export class Simulation {
  readonly config: SimulationConfig;

  /** Takes whatever `simulate` does. Throws `OptionError`. */
  constructor(options: object) {
    this.config = checkOptions(options);
  }

  newReport(isReplay = false): Report {
    const { title, draw, subject } = this.config;
    return new Report(title, [...draw.faults.filter((kind) => kind !== "act"), ...subject.acts], isReplay);
  }

  run(seed: number): Promise<Outcome> {
    return this.replay(this.plan(seed));
  }

  /** Without any fault the world is calm, too. */
  plan(seed: number): Plan {
    const { subject, draw } = this.config;
    const plan = drawPlan(seed, subject, draw);
    return draw.faults.length === 0 ? { ...plan, world: calmWorld } : plan;
  }

  replay(plan: Plan, options: TraceOptions = {}): Promise<Outcome> {
    return runPlan(plan, this.config.subject, options);
  }

  /** Leaves out of the plan of `seed` what it fails without; in the same way, as far as its claim tells. */
  async explain(seed: number): Promise<Explanation> {
    const plan = this.plan(seed);
    const claimOf = async (candidate: Plan) => (await this.replay(candidate)).failure?.claim;
    const kind = kindOf(await claimOf(plan));
    const smallest = await shrinkPlan(plan, async (candidate) => kindOf(await claimOf(candidate)) === kind);
    const { failure } = await this.replay(smallest);
    const { claim = "", story = "", details } = failure ?? {};
    return { seed, claim, story, details, plan: smallest, schedule: scheduleLines(smallest) };
  }
}

/** Claims say what must hold, and behind it who broke it: the first part tells whether two failures are alike. */
function kindOf(claim: string | undefined): string | undefined {
  return claim?.split(/[:\n]/)[0];
}
