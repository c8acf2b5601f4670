import { nextBelow, type Random } from "../../base/random.ts";
import type { MemberPlan } from "../plans/plan.ts";
import type { Subject } from "../subject.ts";
import type { Workload } from "../workloads/workload.ts";
import { RaftGroup, snapshotEvery } from "./group.ts";

/** Raft under the clients of a workload. */
export function raftSubject(workload: Workload): Subject {
  return {
    name: "raft",
    acts: ["transfer", "change", "change"],
    drawOptions,
    drawCalls: (random, count, clients) =>
      Array.from({ length: count }, (_, nth) => ({
        client: nextBelow(random, clients),
        afterMs: nextBelow(random, 4) === 0 ? nextBelow(random, 400) : nextBelow(random, 20),
        call: workload.draw(random, nth),
      })),
    open: (plan, trace) => new RaftGroup(plan, workload, trace),
  };
}

/** Limits so small that they are reached. */
function drawOptions(random: Random): MemberPlan["options"] {
  const one = (...values: readonly number[]) => values[nextBelow(random, values.length)] ?? 0;
  return {
    electionTicks: 10,
    heartbeatTicks: 2,
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
