import type { Core, Input, Outbox } from "../../src/protocols/core.ts";
import {
  type Bounds,
  type Explorable,
  Exploration,
  type Finding,
  type RaftLimits,
  type Terms,
} from "../../src/simulator/index.ts";

/** A small group with little to do: what explorations start from, each with its own changes. */
export const smallLimits: RaftLimits = {
  members: 3,
  start: "new",
  terms: 2,
  timeouts: 2,
  ticks: 0,
  proposals: 2,
  reads: 0,
  appendBytesMax: 2 ** 18,
};

/** Nothing fails but leaders; whatever else may happen, each exploration adds. */
export const smallBounds: Bounds = {
  steps: 1000,
  states: 10_000_000,
  crashes: 0,
  duplicates: 0,
  losses: 0,
  order: "any",
  disk: "late",
  symmetry: true,
};

/** Explores as far as the bounds let it. */
export function explore<T extends Terms>(explorable: Explorable<T>, some: Partial<Bounds>): Finding {
  const exploration = new Exploration(explorable, { ...smallBounds, ...some });
  while (exploration.advance(1000));
  return exploration.finding();
}

/** What a core does with one input. */
export type CoreStep<T extends Terms> = (core: Core<T, T["state"]>, input: Input<T>, out: Outbox<T>) => void;

/** A protocol whose steps are done by `step`: mistakes are made from outside. */
export function stepping<T extends Terms>(step: CoreStep<T>): (explorable: Explorable<T>) => Explorable<T> {
  return (explorable) => ({
    ...explorable,
    resume: (state) => {
      const core = explorable.resume(state);
      return {
        inspect: () => core.inspect(),
        step: (inputs, _, out) => {
          for (const input of inputs) step(core, input, out);
        },
      };
    },
  });
}
