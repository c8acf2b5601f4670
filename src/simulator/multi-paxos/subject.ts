import { nextBelow, type Random } from "../../base/random.ts";
import type { MemberPlan, Plan } from "../plans/plan.ts";
import { ReplicatedGroup, snapshotEvery } from "../replicated/group.ts";
import { drawCalls, withLeases } from "../replicated/hosting.ts";
import type { Subject } from "../subject.ts";
import type { Workload } from "../workloads/workload.ts";
import { paxosLog } from "./protocol.ts";

/** Multi-Paxos under the clients of a workload. */
export function paxosSubject(workload: Workload): Subject {
  return {
    name: "multi-paxos",
    acts: ["transfer", "change", "burst"],
    drawOptions,
    adapt,
    drawCalls: (random, count, clients) => drawCalls(workload, random, count, clients),
    open: (plan, trace) => new ReplicatedGroup(paxosLog, plan, workload, trace),
  };
}

/** Some groups read by lease, some store what waits; and some send accepts to all, or some of their members do. */
function adapt(random: Random, plan: Plan): Plan {
  const form = nextBelow(random, 6);
  const syncPending = nextBelow(random, 3) === 0;
  const leased = nextBelow(random, 10) < 3 ? withLeases(plan) : plan;
  const members = leased.members.map((member) => {
    const isForAll = form < 2 || (form === 2 && nextBelow(random, 2) === 0);
    const acceptsTo = isForAll ? "all" : "leader";
    return { ...member, options: { ...member.options, syncPending, acceptsTo } };
  });
  return { ...leased, members };
}

/** Limits so small that they are reached. The pipeline's window is drawn once for all, for it is the founders'. */
function drawOptions(random: Random): MemberPlan["options"] {
  const one = (...values: readonly number[]) => values[nextBelow(random, values.length)] ?? 0;
  return {
    progressTicks: 10,
    heartbeatTicks: 3,
    staggerTicks: 2,
    proofTicks: one(3, 5),
    retransmitTicks: one(2, 5),
    updateTicks: one(5, 15),
    reconcileTicks: one(2, 3),
    alpha: one(1, 3, 8, 64),
    runBytesMax: 400 + nextBelow(random, 2000),
    inflightBytesMax: 1500 + nextBelow(random, 5000),
    queueBytesMax: 6000,
    waitingCountMax: one(3, 100),
    deliveryBytesMax: 2000 + nextBelow(random, 5000),
    tailBytesMax: one(700, 2000, 20_000),
    retainCount: one(0, 3, 20, 100),
    chunkBytesMax: 64 + nextBelow(random, 400),
    snapshotEvery: snapshotEvery * one(1, 2, 4),
    snapshotsKept: one(0, 1, 2),
  };
}
