import type { Bounds } from "../explorable.ts";
import type { TotalOrderLimits } from "./limits.ts";

/** A small group in one part of its life, and what may happen to it. */
export interface TotalOrderScenario {
  /** What it is about. */
  readonly about: string;
  readonly limits: TotalOrderLimits;
  readonly bounds: Pick<Bounds, "crashes" | "duplicates" | "losses" | "order" | "disk">;
}

const quiet: TotalOrderLimits = {
  members: 3,
  seekers: 0,
  delivery: "uniform",
  memory: "kept",
  multicasts: 0,
  leaves: 0,
  attempts: 0,
  repeats: 0,
  keepAlives: 0,
  applications: 0,
};

const lossy = { crashes: 0, duplicates: 0, losses: 0, order: "any", disk: "fast" } as const;

/** What is explored of total order, by name. */
export const totalOrderScenarios: Readonly<Record<string, TotalOrderScenario>> = {
  links: {
    about: "two members and what makes a lossy network reliable between them: numbers, acknowledgements, repeats",
    limits: { ...quiet, members: 2, multicasts: 4, repeats: 1 },
    bounds: { ...lossy, duplicates: 1 },
  },
  order: {
    about: "three members that multicast at once, each perhaps because of what it has delivered; links in order",
    limits: { ...quiet, multicasts: 3 },
    bounds: { ...lossy, order: "sent" },
  },
  "view-change": {
    about: "three members of whom any may be silent from any step on; the others end the view, twice if need be",
    limits: { ...quiet, multicasts: 2, attempts: 2 },
    bounds: lossy,
  },
  join: {
    about: "two members, one who wants to come in and gets the state, and one who wants to go",
    limits: { ...quiet, members: 2, seekers: 1, multicasts: 1, leaves: 1, attempts: 1, applications: 1 },
    bounds: lossy,
  },
  founding: {
    about: "three seeds that found a group, while one of them starts again",
    limits: { ...quiet, members: 0, seekers: 3, attempts: 1, applications: 2 },
    bounds: { ...lossy, crashes: 1 },
  },
};
