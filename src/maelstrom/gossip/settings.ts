import type { GossipOptions, Topology } from "../../protocols/gossip/index.ts";

/** Which links are used: `given` are those that the harness names, `own` a tree that is rebuilt when a link fails. */
export type TopologyName = "given" | "own" | "full" | "line" | "ring" | "grid" | "star" | `tree${number}`;

/** How a workload gossips. */
export interface GossipSettings {
  /** `latency` sends at once, `traffic` sends as little as it can within the window. Default `latency`. */
  readonly tuning?: "latency" | "traffic" | undefined;
  /** With `traffic`: how long what is known may wait for what is not yet, in ms. Default 340. */
  readonly windowMs?: number | undefined;
  /** Default `own`. */
  readonly topology?: TopologyName | undefined;
}

/** Length of a tick, in ms: a batch misses its moment by no more. */
export const tickMs = 5;

/** A thread that was busy for longer than so many ticks has lost the rest. */
export const lateTicksMax = 20;

const windowMsDefault = 325;
/** Acknowledgements wait for something to ride on: so long, and at least for so many windows, in ms. */
const ackMsLeast = 2000;
const ackWindows = 3;
/** A round trip, until it is measured, in ms. */
const roundTripMs = 200;
/** Between two probes, each of one peer that does not answer, in ms: how soon a healed partition is noticed. */
const probeMs = 500;
/** Between two questions what all on the other side of a link hold, while anything is kept for somebody, in ms. */
const settleMs = 10_000;
/** How much earlier than needed a batch arrives at the node above, and how much later it may without waiting, in ms. */
const slackMs = 25;
const lateMs = 20;
/** Between two comparisons with a peer drawn by chance, in ms. */
const syncMs = 20_000;

/** What the core is to know of how to gossip. */
export function gossipOptions(
  settings: GossipSettings,
): Omit<GossipOptions, "id" | "incarnation" | "seed" | "members"> {
  const { tuning = "latency", windowMs = windowMsDefault } = settings;
  const { topology = "own" } = settings;
  const timing = {
    roundTripTicks: ticks(roundTripMs),
    probeTicks: ticks(probeMs),
    syncTicks: ticks(syncMs),
    settleTicks: ticks(settleMs),
  };
  const common = { ...timing, tuning, topology: topologyOf(topology) };
  if (tuning === "latency") return { ...common, ackTicks: ticks(1000) };
  const ackMs = Math.max(ackMsLeast, ackWindows * windowMs);
  const periodTicks = ticks(windowMs);
  const [slackTicks, lateTicks] = [slackMs, lateMs].map((ms) => Math.min(ticks(ms), periodTicks >> 2)) as [
    number,
    number,
  ];
  return { ...common, periodTicks, slackTicks, lateTicks, ackTicks: ticks(ackMs) };
}

function ticks(ms: number): number {
  return Math.max(1, Math.round(ms / tickMs));
}

/** Until the harness has given one, everyone is next to everyone. */
function topologyOf(name: TopologyName): Topology {
  switch (name) {
    case "own":
      return { kind: "own", over: { kind: "full" } };
    case "given":
      return { kind: "full" };
    case "full":
    case "line":
    case "ring":
    case "grid":
    case "star":
      return { kind: name };
    default:
      return { kind: "tree", branching: Number(name.slice("tree".length)) };
  }
}
