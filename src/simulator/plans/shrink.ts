import type { MemberPlan, Plan, World } from "./plan.ts";
import { calmWorld } from "./run.ts";

/** Runs that shrinking takes at the most. */
const runsMax = 400;

/**
 * A smaller plan that still fails: fewer actions and calls (ddmin), then a simpler world, then fewer members.
 *
 * Deterministic, and bounded in runs. `fails` runs a plan and says whether it fails in the same way.
 */
export async function shrinkPlan(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let runs = 0;
  const stillFails = async (candidate: Plan) => runs++ < runsMax && (await fails(candidate));
  let smallest = plan;
  for (;;) {
    const before = smallest;
    const actions = await fewest(before.actions, (some) => stillFails({ ...before, actions: some }));
    if (actions !== before.actions) smallest = { ...before, actions };
    const fewer = smallest;
    const calls = await fewest(fewer.calls, (some) => stillFails({ ...fewer, calls: some }));
    if (calls !== fewer.calls) smallest = { ...fewer, calls };
    for (const simplify of simplifications) {
      const simpler = simplify(smallest);
      if (simpler !== undefined && (await stillFails(simpler))) smallest = simpler;
    }
    if (smallest === before || runs >= runsMax) return smallest;
  }
}

/** Zeller's ddmin: drops ever smaller parts as long as what is left still fails. The same list if none can go. */
async function fewest<Item>(
  items: readonly Item[],
  stillFails: (items: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  if (items.length > 0 && (await stillFails([]))) return [];
  let left = items;
  for (let parts = 2; left.length > 1; ) {
    const length = Math.ceil(left.length / parts);
    let isSmaller = false;
    for (let from = 0; from < left.length; from += length) {
      const rest = [...left.slice(0, from), ...left.slice(from + length)];
      if (!(await stillFails(rest))) continue;
      left = rest;
      parts = Math.max(2, parts - 1);
      isSmaller = true;
      break;
    }
    if (isSmaller) continue;
    if (length === 1) break;
    parts = Math.min(left.length, parts * 2);
  }
  return left;
}

/** A simpler plan; `undefined` when it is that simple already. */
type Simplification = (plan: Plan) => Plan | undefined;

const simplifications: readonly Simplification[] = [
  ...(Object.keys(calmWorld) as (keyof World)[]).map(calmer),
  evenTime,
  ...[1, 2, 3, 4].map(withMembers),
];

function calmer(name: keyof World): Simplification {
  return (plan) => {
    const isCalm = JSON.stringify(plan.world[name]) === JSON.stringify(calmWorld[name]);
    return isCalm ? undefined : { ...plan, world: { ...plan.world, [name]: calmWorld[name] } };
  };
}

function evenTime(plan: Plan): Plan | undefined {
  const isEven = (member: MemberPlan) => member.tickMs === 20 && member.clock === 1000;
  if (plan.members.every(isEven)) return undefined;
  return { ...plan, members: plan.members.map((member) => ({ ...member, tickMs: 20, clock: 1000 })) };
}

function withMembers(count: number): Simplification {
  return (plan) => (count < plan.members.length ? { ...plan, members: plan.members.slice(0, count) } : undefined);
}
