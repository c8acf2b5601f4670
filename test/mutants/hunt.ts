import type { Bounds, PaxosLimits, RaftLimits, SynodLimits, TotalOrderLimits } from "../../src/simulator/index.ts";

/** A small group of some protocol, and what may happen to it. */
export type Group = { readonly bounds?: Partial<Bounds> } & (
  | { readonly protocol: "raft"; readonly limits?: Partial<RaftLimits> }
  /** In one part of its life, as `quorate explore multi-paxos` names them. */
  | { readonly protocol: "multi-paxos"; readonly scenario: string; readonly limits?: Partial<PaxosLimits> }
  /** In one part of its life, as `quorate explore total-order` names them. */
  | { readonly protocol: "total-order"; readonly scenario: string; readonly limits?: Partial<TotalOrderLimits> }
  | { readonly protocol: "synod"; readonly limits?: Partial<SynodLimits> }
);

/** Every order of events in it. */
export type Orders = { readonly by: "explore" } & Group;

/** Walks through it at random, from seed 1 on. */
export type Walks = { readonly by: "walk"; readonly runsMax: number } & Group;

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
  | Orders
  | Walks
  /** The project's own tests, run on the mutant. */
  | { readonly by: "tests"; readonly files: readonly string[] };

/** What a hunt came to. */
export interface Catch {
  /** What the harness said; `undefined` when it noticed nothing. */
  readonly claim: string | undefined;
  /** Seeds run, states visited, walks taken, or test files run. */
  readonly effort: number;
}

/** The unit of `effort`. */
export const effortWords: Readonly<Record<Hunt["by"], string>> = {
  simulate: "seeds",
  explore: "states",
  walk: "walks",
  tests: "files",
};
