import type { Bounds, RaftLimits } from "../../src/simulator/index.ts";

/** One way to look for a mutant. */
export type Hunt =
  /** A swarm: hostile worlds from seed 1 on, with whatever else `quorate simulate PROTOCOL` takes. */
  | {
      readonly by: "simulate";
      readonly protocol: string;
      readonly workload?: string;
      readonly members?: number;
      /** Kinds of faults; default all. */
      readonly faults?: readonly string[];
      readonly runsMax: number;
    }
  /** Every order of events within bounds. */
  | { readonly by: "explore"; readonly limits?: Partial<RaftLimits>; readonly bounds?: Partial<Bounds> }
  /** The project's own tests, run on the mutant. */
  | { readonly by: "tests"; readonly files: readonly string[] };

/** What a hunt came to. */
export interface Catch {
  /** What the harness said; `undefined` when it noticed nothing. */
  readonly claim: string | undefined;
  /** Seeds run, states visited, or test files run. */
  readonly effort: number;
}

/** The unit of `effort`. */
export const effortWords: Readonly<Record<Hunt["by"], string>> = {
  simulate: "seeds",
  explore: "states",
  tests: "files",
};
