import { isNodeId, type NodeId } from "../../base/ids.ts";
import { invariant } from "../../base/invariant.ts";
import type { Topology } from "./links/topology.ts";

/** Identity, links, timing and bounds of one gossip member. Ticks are the host's, 20 ms by default; sizes are bytes. */
export interface GossipOptions {
  readonly id: NodeId;
  /** A number this node never used before, larger than all it used: a restarted process is another origin. */
  readonly incarnation: number;
  /** Seeds the chance in timing and in the choice of peers: a fresh one for every member and every start. */
  readonly seed: number;
  /** Everyone that payloads are for, this member included, the same list on all of them. */
  readonly members: readonly NodeId[];
  /** Default `own` over `full`: a star around the least node that lives. */
  readonly topology?: Topology;
  /**
   * `latency`: what is known leaves at once. `traffic`: it waits for a batch, which the nodes of a tree time so that
   * it waits once on its way and not at every hop. Default `latency`.
   */
  readonly tuning?: "latency" | "traffic";
  /** With `traffic`: between two batches of a node to the one above; of the root, to those below. Default 17. */
  readonly periodTicks?: number;
  /** With `traffic`: how much earlier than needed a batch reaches the node above. Default 2. */
  readonly slackTicks?: number;
  /** With `traffic`: batches that reach the node above so much too late go on soon, with another batch. Default 2. */
  readonly lateTicks?: number;
  /** An acknowledgement waits so long for something that it can ride on. Default 50; with `traffic` 100. */
  readonly ackTicks?: number;
  /** Round trip of a peer that was never measured. Default 10. */
  readonly roundTripTicks?: number;
  /** Repeats without an answer, each after twice the wait of the one before, until a peer counts as down. Default 2. */
  readonly repeatCountMax?: number;
  /** Between two probes, each of one of the peers that are down. Default 50. */
  readonly probeTicks?: number;
  /** Between two comparisons with a peer drawn by chance. Default 1000. */
  readonly syncTicks?: number;
  /** Between two reports to the next nodes of the tree of what all on this side hold. Default 250. */
  readonly settleTicks?: number;
  /** One payload; larger ones are refused as `too-large`. Default 1 MiB. */
  readonly payloadBytesMax?: number;
  /** Payloads of one batch; a single larger one goes alone. Default 256 KiB. */
  readonly batchBytesMax?: number;
  /** Payloads of one batch, counted. Default 1000. */
  readonly batchCountMax?: number;
  /** Batches to one peer without an answer; beyond it they wait. Default 64. */
  readonly flightCountMax?: number;
  /**
   * Payloads that some member lacks. Each may submit an equal part of it; then `store-full`. Default 64 MiB.
   *
   * The same on all members: who has less than half of another's may be sent more than it can ever take in.
   */
  readonly storeBytesMax?: number;
  /** Payloads that everyone has, kept for members that start again. Default 16 MiB. */
  readonly keptBytesMax?: number;
  /** Gaps in what is known of one origin; what would make more is not taken in, and comes later. Default 1024. */
  readonly rangesMax?: number;
  /** Origins; what comes from more is not taken in. Default 10,000. */
  readonly originsMax?: number;
  /** Ranges of numbers in one digest; what is left out is sent again. Default 10,000. */
  readonly digestRangesMax?: number;
  /** Others that must hold a submission until it is `secured`; 0: that is not said. Default 0. */
  readonly copies?: number;
}

/** All options, complete and checked. */
export type GossipConfig = Readonly<Required<GossipOptions>>;

/** Fills in the defaults and checks what the host gave; options from users are checked at the host's edge. */
export function completeOptions(options: GossipOptions): GossipConfig {
  const config: GossipConfig = {
    topology: { kind: "own", over: { kind: "full" } },
    tuning: "latency",
    periodTicks: 17,
    slackTicks: 2,
    lateTicks: 2,
    ackTicks: options.tuning === "traffic" ? 100 : 50,
    roundTripTicks: 10,
    repeatCountMax: 2,
    probeTicks: 50,
    syncTicks: 1000,
    settleTicks: 250,
    payloadBytesMax: 2 ** 20,
    batchBytesMax: 2 ** 18,
    batchCountMax: 1000,
    flightCountMax: 64,
    storeBytesMax: 2 ** 26,
    keptBytesMax: 2 ** 24,
    rangesMax: 1024,
    originsMax: 10_000,
    digestRangesMax: 10_000,
    copies: 0,
    ...options,
  };
  invariant(isNodeId(config.id), "the member's id is well formed");
  invariant(config.members.includes(config.id), "the member is one of the members");
  invariant(new Set(config.members).size === config.members.length, "each member is listed once");
  invariant(Number.isSafeInteger(config.incarnation) && config.incarnation >= 0, "an incarnation is a whole number");
  invariant(config.periodTicks > config.slackTicks + config.lateTicks, "a period is longer than its slack");
  const { ackTicks, probeTicks, syncTicks, settleTicks, batchCountMax, flightCountMax } = config;
  const least = Math.min(ackTicks, probeTicks, syncTicks, settleTicks, batchCountMax, flightCountMax);
  invariant(least >= 1, "waits and windows are at least 1");
  return config;
}
