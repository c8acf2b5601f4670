/** Time that passes only when told to: what is due happens in order, at the same moment as it was asked for. */
export class SimulatedTime {
  /** In ms. */
  now = 0;
  readonly #events: { readonly at: number; readonly run: () => void }[] = [];

  /** Runs something `ms` from now. */
  after(ms: number, run: () => void): void {
    const at = this.now + ms;
    let place = this.#events.length;
    while (place > 0 && (this.#events[place - 1]?.at ?? 0) > at) place--;
    this.#events.splice(place, 0, { at, run });
  }

  /** Lets `ms` pass. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > end) break;
      this.#events.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}
