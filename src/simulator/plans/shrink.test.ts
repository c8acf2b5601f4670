import { expect, test } from "vitest";
import { raftSubject } from "../raft/subject.ts";
import { kvWorkload } from "../workloads/kv.ts";
import { drawPlan } from "./draw.ts";
import { shrinkPlan } from "./shrink.ts";

test("what does not matter is shrunk away, in a bounded number of runs", async () => {
  const plan = drawPlan(3, raftSubject(kvWorkload));
  const needed = plan.actions[Math.floor(plan.actions.length / 2)];
  const [call] = plan.calls.slice(-1);
  let runs = 0;

  const smallest = await shrinkPlan(plan, async ({ actions, calls }) => {
    runs++;
    return actions.includes(needed ?? plan.actions[0] ?? ({} as never)) && calls.includes(call ?? ({} as never));
  });

  expect(smallest.actions).toEqual([needed]);
  expect(smallest.calls).toEqual([call]);
  expect(smallest.members).toHaveLength(1);
  expect(smallest.world.loss).toBe(0);
  expect(runs).toBeLessThanOrEqual(400);
});
