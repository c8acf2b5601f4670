import { chance, nextBelow, type Random } from "../../base/random.ts";
import type { MemberPlan, Plan } from "../plans/plan.ts";
import { ReplicatedGroup, snapshotEvery } from "../replicated/group.ts";
import { drawCalls, withLeases } from "../replicated/hosting.ts";
import type { Subject } from "../subject.ts";
import type { Workload } from "../workloads/workload.ts";
import { raftLog } from "./log-protocol.ts";

/** Raft under the clients of a workload. */
export function raftSubject(workload: Workload): Subject {
  return {
    name: "raft",
    acts: ["transfer", "change", "burst"],
    drawOptions,
    adapt,
    drawCalls: (random, count, clients) => drawCalls(workload, random, count, clients),
    open: (plan, trace) => new ReplicatedGroup(raftLog, plan, workload, trace),
  };
}

/** Some groups read by lease, and some are in the middle of an upgrade from the version before. */
function adapt(random: Random, plan: Plan): Plan {
  const feature = nextBelow(random, 10);
  if (feature < 3) return withLeases(plan);
  if (feature < 5) return withOldMembers(random, plan);
  return plan;
}

function withOldMembers(random: Random, plan: Plan): Plan {
  const aged = (member: MemberPlan) =>
    chance(random, 0.6) ? { ...member, options: { ...member.options, speaks: 1 } } : member;
  const upgrades = plan.members.map((member) => ({
    atMs: nextBelow(random, 2 * plan.fireMs),
    lastsMs: 50,
    target: member.id,
    pick: 0,
    fault: { kind: "act", name: "upgrade" } as const,
  }));
  const early = upgrades.filter(({ atMs }) => atMs < plan.fireMs);
  return { ...plan, members: plan.members.map(aged), actions: [...plan.actions, ...early] };
}

/** Limits so small that they are reached. */
function drawOptions(random: Random): MemberPlan["options"] {
  const one = (...values: readonly number[]) => values[nextBelow(random, values.length)] ?? 0;
  return {
    electionTicks: 10,
    heartbeatTicks: 3,
    appendBytesMax: 400 + nextBelow(random, 2000),
    inflightBytesMax: 1500 + nextBelow(random, 5000),
    inflightCountMax: one(2, 8, 256),
    uncommittedBytesMax: 6000,
    deliveryBytesMax: 2000 + nextBelow(random, 5000),
    tailBytesMax: one(700, 2000, 20_000),
    retainCount: one(0, 3, 20, 100),
    waitingCountMax: one(3, 100),
    chunkBytesMax: 64 + nextBelow(random, 400),
    chunksInflightMax: 1 + nextBelow(random, 3),
    snapshotEvery: snapshotEvery * one(1, 2, 4),
    snapshotsKept: one(0, 1, 2),
  };
}
