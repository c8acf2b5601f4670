import type { Outcome, Plan } from "../plans/plan.ts";
import { Trace } from "../trace.ts";

/** A run that failed. */
export interface FailedRun {
  readonly seed: number;
  /** What must hold, and did not. */
  readonly claim: string;
  /** One line: what was done to whom before. */
  readonly story: string;
  /** What shows it, in lines; absent when the claim says all. */
  readonly details?: string | undefined;
  readonly plan: Plan;
}

/** A failure as small as it could be made. */
export interface Explanation extends FailedRun {
  /** What happens in the smallest run that fails alike, line by line; `plan` is that run's. */
  readonly schedule: readonly string[];
}

/** A run failed: the message says what, and how to see it again. */
export class SimulationFailure extends Error {
  override readonly name = "SimulationFailure";
  readonly seed: number;
  /** The smallest run that fails alike: for `replay`. */
  readonly plan: Plan;

  constructor(title: string, failure: FailedRun | Explanation, isReplay = false) {
    super([...failureLines(title, failure, isReplay), ...(isReplay ? [] : repeatLines(failure))].join("\n"));
    this.seed = failure.seed;
    this.plan = failure.plan;
  }
}

/** What many runs came to, added in order of their seeds. */
export class Report {
  /** What was simulated. */
  readonly title: string;
  /** Of one plan that was given, and not of seeds. */
  readonly #isReplay: boolean;
  runs = 0;
  simulatedMs = 0;
  readonly failures: FailedRun[] = [];
  /** Of the first failure. */
  explanation: Explanation | undefined;
  readonly #faultNames: readonly string[];
  readonly #counts = new Map<string, number>();
  readonly #trace = new Trace();

  constructor(title: string, faultNames: readonly string[], isReplay = false) {
    this.title = title;
    this.#faultNames = faultNames;
    this.#isReplay = isReplay;
  }

  add(seed: number, { simulatedMs, digest, counts, failure }: Outcome): void {
    this.runs++;
    this.simulatedMs += simulatedMs;
    this.#trace.number(seed);
    this.#trace.text(digest);
    for (const [name, count] of Object.entries(counts)) {
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    }
    if (failure === undefined) return;
    const { claim, story, details, plan } = failure;
    this.failures.push({ seed, claim, story, details, plan });
  }

  /** How often each thing happened, over all runs. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** How often each kind of fault that may happen did. */
  get faults(): ReadonlyMap<string, number> {
    return new Map(this.#faultNames.map((name) => [name, this.#counts.get(name) ?? 0]));
  }

  get faultCount(): number {
    return this.#faultNames.reduce((sum, name) => sum + (this.#counts.get(name) ?? 0), 0);
  }

  /** How often it was looked whether what must hold does. */
  get checkCount(): number {
    return this.#counts.get("checks") ?? 0;
  }

  /** 16 hex digits over all that happened in all runs: the same on every machine, on any number of threads. */
  get digest(): string {
    return this.#trace.digest();
  }

  /** Throws a `SimulationFailure` if a run failed. */
  assertOk(): void {
    const failure = this.explanation ?? this.failures[0];
    if (failure !== undefined) throw new SimulationFailure(this.title, failure, this.#isReplay);
  }
}

function failureLines(title: string, failure: FailedRun | Explanation, isReplay: boolean): string[] {
  const { seed, claim, story, details } = failure;
  return [
    `${title}: ${isReplay ? "the plan" : `seed ${seed}`} fails: ${claim}`,
    `what happened: ${story}`,
    ...(details === undefined ? [] : [details]),
    ...("schedule" in failure
      ? ["the smallest run that fails alike:", ...failure.schedule.map((line) => `  ${line}`)]
      : []),
  ];
}

/** Of a plan that was given nothing need be said: the caller has it. */
function repeatLines({ seed, plan }: FailedRun): string[] {
  return [
    `to repeat the run: seeds: { first: ${seed}, count: 1 }`,
    `to repeat the smallest one: replay(options, ${JSON.stringify(plan)})`,
  ];
}
