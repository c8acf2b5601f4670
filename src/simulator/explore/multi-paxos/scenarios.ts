import type { Bounds } from "../explorable.ts";
import type { PaxosLimits } from "./limits.ts";

/** A small group in one part of its life, and what may happen to it. */
export interface PaxosScenario {
  /** What it is about. */
  readonly about: string;
  readonly limits: PaxosLimits;
  readonly bounds: Pick<Bounds, "crashes" | "duplicates" | "losses" | "order" | "disk">;
}

const quiet: PaxosLimits = {
  members: 3,
  learners: 0,
  start: "new",
  elections: "free",
  views: 2,
  timeouts: 0,
  proposals: 0,
  reads: 0,
  ask: "leader",
  heartbeats: 0,
  repeats: 0,
  proofs: 0,
  questions: 0,
  snapshots: 0,
  changes: 0,
  stay: 1,
  transfers: 0,
  alpha: 1,
  acceptsTo: "leader",
  runBytesMax: 2 ** 18,
};

const lossy = { crashes: 0, duplicates: 0, losses: 0, order: "any", disk: "late" } as const;

/** What is explored of Multi-Paxos, by name. */
export const paxosScenarios: Readonly<Record<string, PaxosScenario>> = {
  views: {
    about: "three voters, three views and two values for one place, and a crash",
    limits: { ...quiet, views: 3, proposals: 2 },
    bounds: { ...lossy, crashes: 1 },
  },
  order: {
    about: "three voters, two views, and two updates under way at once",
    limits: { ...quiet, start: "led", proposals: 2, alpha: 2 },
    bounds: lossy,
  },
  snapshot: {
    about: "three voters, two views, and one that lags behind a snapshot of what the others have ordered",
    limits: { ...quiet, start: "led", proposals: 2, questions: 2, snapshots: 1, alpha: 2 },
    bounds: { ...lossy, disk: "fast" },
  },
  replace: {
    about: "voters abc of whom d and e replace two, and a crash",
    limits: { ...quiet, learners: 2, start: "led", views: 1, changes: 1, proposals: 1, questions: 2 },
    bounds: { ...lossy, crashes: 1, disk: "fast" },
  },
  "replace-all": {
    about: "voters abc whom d, e and f replace",
    limits: { ...quiet, learners: 3, start: "led", views: 1, changes: 1, stay: 0, proposals: 1, questions: 2 },
    bounds: { ...lossy, disk: "fast" },
  },
  read: {
    about: "three voters, two views, an update, and a read of whoever leads",
    limits: { ...quiet, start: "led", proposals: 1, reads: 1 },
    bounds: { ...lossy, disk: "fast" },
  },
  elections: {
    about: "three voters that ask each other for views, and tell each other which they have",
    limits: { ...quiet, elections: "asked", timeouts: 1, proofs: 1, proposals: 1 },
    bounds: { ...lossy, disk: "fast" },
  },
};
