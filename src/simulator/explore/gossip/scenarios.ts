import type { Bounds } from "../explorable.ts";
import type { GossipLimits } from "./limits.ts";

/** Members with certain links, and what may happen to them. */
export interface GossipScenario {
  /** What it is about. */
  readonly about: string;
  readonly limits: GossipLimits;
  readonly bounds: Pick<Bounds, "crashes" | "duplicates" | "losses" | "order">;
}

const quiet: GossipLimits = {
  members: 3,
  topology: "line",
  kept: "none",
  rumours: 2,
  repeats: 0,
  cuts: 0,
  probes: 0,
  syncs: 0,
  settles: 0,
};

const lossy = { crashes: 0, duplicates: 0, losses: 0, order: "any" } as const;

/** What is explored of gossip, by name. */
export const gossipScenarios: Readonly<Record<string, GossipScenario>> = {
  line: {
    about: "three members in a line; the one in the middle carries, and a link of it may break and be found again",
    limits: { ...quiet, cuts: 1 },
    bounds: lossy,
  },
  ring: {
    about: "three members in a ring, where every rumour comes twice",
    limits: { ...quiet, topology: "ring" },
    bounds: { ...lossy, order: "sent" },
  },
  star: {
    about: "three members that make a star of their own; its middle may be lost, and another takes its place",
    limits: { ...quiet, topology: "star", rumours: 1, cuts: 1 },
    bounds: { ...lossy, order: "sent" },
  },
  restart: {
    about: "three members in a line, one of which starts again and knows nothing",
    limits: quiet,
    bounds: { ...lossy, crashes: 1, order: "sent" },
  },
  repeats: {
    about: "three members in a line, whose messages come twice, and are repeated when nothing is heard",
    limits: { ...quiet, repeats: 1 },
    bounds: { ...lossy, duplicates: 1 },
  },
};
