/** A member's own clock: goes faster or slower than true time, and leaps; never back. */
export class Clock {
  /** Its ms in 1000 true ones. */
  readonly #rate: number;
  #leapt = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  leap(ms: number): void {
    this.#leapt += ms;
  }

  /** What it shows at a true time. */
  at(now: number): number {
    return Math.floor((now * this.#rate) / 1000) + this.#leapt;
  }
}
