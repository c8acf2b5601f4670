/** What a check may cost. */
export interface CheckOptions {
  /** Steps of the search: a call tried, or two places compared. Some millions a second. Default 100 million. */
  readonly stepsMax?: number;
  /** Memory for what has been searched, as estimated by the checker. Default 512 MiB. */
  readonly bytesMax?: number;
  /** Asked every thousand steps or so; true ends the search. */
  readonly stop?: () => boolean;
}

/** Why a search ended without an answer. */
export type Limit = "steps" | "bytes" | "stopped";

const defaultSteps = 100_000_000;
const defaultBytes = 512 * 2 ** 20;
/** Steps between two questions to `stop`. */
const strideSteps = 1024;

/** Counts the cost of one check against its limits. */
export class Budget {
  readonly #stepsMax: number;
  readonly #bytesMax: number;
  readonly #stop: () => boolean;
  #nextLook = strideSteps;
  #steps = 0;

  constructor({ stepsMax = defaultSteps, bytesMax = defaultBytes, stop = () => false }: CheckOptions) {
    this.#stepsMax = stepsMax;
    this.#bytesMax = bytesMax;
    this.#stop = stop;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Pays for `steps`; names the limit that is reached now, if one is. */
  spend(steps: number): Limit | undefined {
    this.#steps += steps;
    if (this.#steps > this.#stepsMax) return "steps";
    if (this.#steps < this.#nextLook) return undefined;
    this.#nextLook = this.#steps + strideSteps;
    return this.#stop() ? "stopped" : undefined;
  }

  allows(bytes: number): boolean {
    return bytes <= this.#bytesMax;
  }
}
