import type { Random } from "../../base/random.ts";
import type { Vocabulary } from "../../protocols/core.ts";
import type { PlannedCall } from "../plans/plan.ts";
import type { Group, Subject } from "../subject.ts";
import { newChance } from "./chance.ts";
import type { OwnCore } from "./core.ts";
import { CoreGroup } from "./core-group.ts";

/** A user's own protocol as something to simulate. */
export function coreSubject<V extends Vocabulary, State>(own: OwnCore<V, State>): Subject {
  return {
    name: "core",
    acts: [],
    drawOptions: () => ({}),
    drawCalls: (random, count, clients) => drawRequests(own, random, count, clients),
    open: (plan, trace) => new CoreGroup(own, plan, trace) as unknown as Group,
  };
}

/** Calls are drawn ahead, so that leaving one out of a plan does not change the others. */
function drawRequests<V extends Vocabulary, State>(
  { workload }: OwnCore<V, State>,
  random: Random,
  count: number,
  clients: number,
): readonly PlannedCall[] {
  const chance = newChance(random);
  return Array.from({ length: count }, (_, number) => ({
    client: chance.below(clients),
    afterMs: chance.below(200),
    call: workload(chance, number),
  }));
}
