import { chance, nextBelow, type Random } from "../../base/random.ts";
import type { MemberPlan, Plan } from "../plans/plan.ts";
import type { Subject } from "../subject.ts";
import { type Burst, TotalOrderGroup } from "./group.ts";

/** Members may take so many ticks of 20 ms to come together after all faults are over. */
const calmTicks = 1500;

/** Total order, with applications that multicast texts. */
export const totalOrderSubject: Subject = {
  name: "total-order",
  acts: ["leave", "burst"],
  drawOptions,
  adapt,
  drawCalls: (random, count, clients) =>
    Array.from({ length: count }, () => ({
      client: nextBelow(random, clients),
      afterMs: nextBelow(random, 4) === 0 ? nextBelow(random, 160) : nextBelow(random, 20),
      call: { count: chance(random, 0.8) ? 1 : 1 + nextBelow(random, 6), bytes: nextBelow(random, 60) } satisfies Burst,
    })),
  open: (plan, trace) => new TotalOrderGroup(plan, trace),
};

/** What is the same at all members, and who is a seed, starts late, or is slow to take things in. */
function adapt(random: Random, plan: Plan): Plan {
  const isAgreed = chance(random, 0.35);
  const isDurable = chance(random, 0.85);
  const stateless = chance(random, 0.15);
  const seedCount = 1 + nextBelow(random, plan.members.length);
  const isStaggered = chance(random, 0.5);
  const isSlow = chance(random, 0.3);
  const members = plan.members.map((member, place) => ({
    ...member,
    options: {
      ...member.options,
      isAgreed,
      isDurable,
      stateless,
      isSeed: place < seedCount,
      startMs: isStaggered ? nextBelow(random, 1500) : 0,
      consumeMs: isSlow ? nextBelow(random, 120) : 0,
    },
  }));
  const loss = chance(random, 0.1) ? 400 : plan.world.loss;
  return { ...stretched(plan, chance(random, 0.6) ? 4 : 1), members, world: { ...plan.world, loss }, calmTicks };
}

/** Founding a group and voting a member out take longer than electing a leader: there must be faults then, too. */
function stretched(plan: Plan, factor: number): Plan {
  return {
    ...plan,
    fireMs: plan.fireMs * factor,
    actions: plan.actions.map((each) => ({ ...each, atMs: each.atMs * factor, lastsMs: each.lastsMs * factor })),
    calls: plan.calls.map((each) => ({ ...each, afterMs: each.afterMs * factor })),
  };
}

/** Limits so small that they are reached. */
function drawOptions(random: Random): MemberPlan["options"] {
  const one = (...values: readonly number[]) => values[nextBelow(random, values.length)] ?? 0;
  return {
    payloadBytesMax: 100,
    frameBytesMax: one(70, 200, 1000),
    windowFrames: one(2, 5, 50),
    windowBytes: one(1000, 4000),
    pipeline: one(1, 2, 5),
    resendFrames: one(1, 4),
    backlogMax: one(3, 100),
    backlogBytesMax: one(300, 10_000),
    unconsumedMax: one(3, 20, 1000),
    unconsumedBytesMax: one(200, 10_000),
    waitingBytesMax: one(200, 10_000),
    chunkBytesMax: one(16, 100, 5000),
    stallTicks: one(60, 300),
    leaveTicks: one(20, 200, 500),
  };
}
