import { chance, nextBelow, type Random } from "../../base/random.ts";
import type { MemberPlan, Plan } from "../plans/plan.ts";
import type { Subject } from "../subject.ts";
import { GossipGroup, type Submission } from "./group.ts";
import { topologies } from "./protocol.ts";

/** More bytes than are submitted in any run. */
const roomy = 10_000_000;

/** What clients of a gossip group submit. */
interface GossipWorkload {
  readonly name: string;
  draw(random: Random): Submission;
}

/** One payload at a time, of a few bytes. */
const texts: GossipWorkload = { name: "texts", draw: (random) => ({ sizes: [1 + nextBelow(random, 60)] }) };

/** Several payloads at a time, some of them larger than a batch. */
const bulk: GossipWorkload = {
  name: "bulk",
  draw: (random) => ({ sizes: Array.from({ length: 1 + nextBelow(random, 12) }, () => nextBelow(random, 900)) }),
};

/** All that clients of a gossip group can do. */
export const gossipWorkloads: readonly GossipWorkload[] = [texts, bulk];

/** Gossip under the clients of a workload; of the first, unless one is named. */
export function gossipSubject(name?: string): Subject {
  const workload = gossipWorkloads.find((each) => each.name === name) ?? texts;
  return {
    name: "gossip",
    acts: ["arrange", "burst"],
    drawOptions,
    adapt,
    drawCalls: (random, count, clients) =>
      Array.from({ length: count }, () => ({
        client: nextBelow(random, clients),
        afterMs: nextBelow(random, 4) === 0 ? nextBelow(random, 160) : nextBelow(random, 20),
        call: workload.draw(random),
      })),
    open: (plan, trace) => new GossipGroup(plan, trace),
  };
}

/**
 * Topology, tuning and room are the whole group's: a member that starts anew with other limits keeps them.
 *
 * `loss`: what is gone for good when all other faults are over; 1: a member, 2: a link.
 */
function adapt(random: Random, plan: Plan): Plan {
  const loss = chance(random, 0.4) ? 1 + nextBelow(random, 2) : 0;
  const shared = {
    loss,
    topology: nextBelow(random, topologies.length),
    traffic: chance(random, 0.4),
    // what one that is gone for good lacks stays for good
    storeBytesMax: loss === 1 ? roomy : ([20_000, 200_000, roomy][nextBelow(random, 3)] ?? roomy),
  };
  const members = plan.members.map((member) => ({ ...member, options: { ...member.options, ...shared } }));
  return { ...plan, members };
}

/** Limits so small that they are reached, waits so short that there are many of them. */
function drawOptions(random: Random): MemberPlan["options"] {
  const one = (...values: readonly number[]) => values[nextBelow(random, values.length)] ?? 0;
  return {
    periodTicks: 4 + nextBelow(random, 12),
    ackTicks: 2 + nextBelow(random, 12),
    roundTripTicks: one(2, 8),
    repeatCountMax: one(1, 2, 3),
    probeTicks: one(5, 20),
    syncTicks: one(40, 120),
    settleTicks: one(10, 40),
    batchBytesMax: one(100, 1000, 100_000),
    batchCountMax: one(1, 5, 1000),
    flightCountMax: one(1, 2, 16),
    keptBytesMax: one(0, 1000, 10_000_000),
    rangesMax: one(24, 1024),
    digestRangesMax: one(20, 10_000),
    copies: one(0, 1, 2),
    slackTicks: one(0, 1),
    lateTicks: one(0, 1, 2),
  };
}
