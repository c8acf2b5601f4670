// A protocol of your own in 200 hostile worlds: each member tells the others the largest number that it knows.
// Run: npx tsx examples/simulated-core.ts
import { type Core, type CoreStart, type Input, type Outbox, simulate, type Vocabulary } from "quorate/simulator";

interface Words extends Vocabulary {
  readonly message: { readonly largest: number };
  readonly request: { readonly offer: number };
  readonly record: { readonly largest: number };
  readonly output: never;
}

type State = { largest: number };

class Largest implements Core<Words, State> {
  readonly #state: State;
  readonly #others: readonly string[];

  /** What was durable when the member ended last is where it starts. */
  constructor({ id, members, records }: CoreStart<Words>) {
    this.#others = members.filter((other) => other !== id);
    this.#state = { largest: records.at(-1)?.largest ?? 0 };
  }

  inspect(): Readonly<State> {
    return this.#state;
  }

  step(inputs: readonly Input<Words>[], _now: number, out: Outbox<Words>): void {
    for (const input of inputs) {
      if (input.kind === "request") this.#learn(input.request.offer, out);
      if (input.kind === "receive") this.#learn(input.message.largest, out);
      if (input.kind === "tick") for (const id of this.#others) out.send(id, { largest: this.#state.largest });
    }
  }

  #learn(number: number, out: Outbox<Words>): void {
    if (number <= this.#state.largest) return;
    this.#state.largest = number;
    out.persist({ largest: number }); // what is sent from here on waits for the disk
  }
}

const report = await simulate<Words, State>({
  seeds: 200,
  members: 4,
  operations: 20,
  core: (start) => new Largest(start),
  workload: (chance) => ({ offer: chance.below(1000) }),
  invariants: {
    "nobody knows a number that was not offered": ({ members, requests }) =>
      members.every(({ state }) => state.largest === 0 || requests.some(({ offer }) => offer === state.largest)),
  },
  eventually: {
    "all members that live know the same number": ({ members }) =>
      new Set(members.filter(({ isUp }) => isUp).map(({ state }) => state.largest)).size === 1,
  },
});

report.assertOk();
console.log(`${report.runs} worlds, ${report.faultCount} faults, ${report.checkCount} checks, all right`);
