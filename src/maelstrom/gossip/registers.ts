import type { Operation } from "../workloads.ts";

/** When a transaction wrote: after all that it could have read; among those at once it is the name that decides. */
export type Moment = readonly [clock: number, writer: string];

/** All that one transaction wrote: shown together. */
export interface Writes {
  readonly moment: Moment;
  readonly values: readonly (readonly [name: string, value: unknown])[];
}

interface Register {
  readonly moment: Moment;
  readonly value: unknown;
}

/** Registers of which each keeps what was written last, in Lamport's order: the same everywhere in the end. */
export class Registers {
  readonly #registers = new Map<string, Register>();
  readonly #writer: string;
  #clock = 0;

  /** `writer` names one life of one node: who starts anew begins with an old clock. */
  constructor(writer: string) {
    this.#writer = writer;
  }

  /**
   * Carries out a transaction on what is here: its reads show committed writes and its own. Its writes show once they
   * are merged, here as elsewhere.
   */
  carryOut(txn: readonly Operation[]): { readonly txn: readonly Operation[]; readonly writes: Writes } {
    const values = new Map<string, unknown>();
    const done = txn.map((operation): Operation => {
      const [kind, key, value] = operation;
      const name = JSON.stringify(key);
      if (kind === "r")
        return [kind, key, (values.has(name) ? values.get(name) : this.#registers.get(name)?.value) ?? null];
      values.set(name, value);
      return operation;
    });
    return { txn: done, writes: { moment: [++this.#clock, this.#writer], values: [...values] } };
  }

  merge({ moment, values }: Writes): void {
    this.#clock = Math.max(this.#clock, moment[0]);
    for (const [name, value] of values) {
      const found = this.#registers.get(name);
      if (found === undefined || isBefore(found.moment, moment)) this.#registers.set(name, { moment, value });
    }
  }
}

function isBefore([clock, writer]: Moment, [otherClock, otherWriter]: Moment): boolean {
  return clock < otherClock || (clock === otherClock && writer < otherWriter);
}
