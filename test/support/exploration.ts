import type { Bounds, RaftLimits } from "../../src/simulator/index.ts";

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
