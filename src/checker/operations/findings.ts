import type { Anomaly } from "./judgement.ts";

/** Anomalies of one name that are explained; those beyond are only counted. */
const explainedMax = 32;

/** Collects what a checker finds: all of it is counted, the first of each name is explained. */
export class Findings {
  readonly #anomalies: Anomaly[] = [];
  readonly #counts = new Map<string, number>();

  get anomalies(): readonly Anomaly[] {
    return this.#anomalies;
  }

  add(name: string, events: readonly number[], explain: () => string): void {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count <= explainedMax) this.#anomalies.push({ name, explanation: explain(), events });
  }

  /** How many there are of each name, also those that were not explained. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
