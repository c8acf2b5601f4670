import { unreachable } from "../../base/invariant.ts";
import { nextBelow, type Random } from "../../base/random.ts";
import type { LogOutput } from "../../protocols/replicated-log.ts";
import type { MemberPlan, Plan, PlannedCall } from "../plans/plan.ts";
import type { Trace } from "../trace.ts";
import type { Workload } from "../workloads/workload.ts";

/** Options of a member that are its owner's and not the core's. */
const ownerOptions: readonly string[] = ["snapshotEvery", "snapshotsKept"];

/** The options of a member's core. */
export function coreOptions({ id, options }: MemberPlan, seed: number): { readonly id: string; readonly seed: number } {
  const core = Object.entries(options).filter(([name]) => !ownerOptions.includes(name));
  return { ...Object.fromEntries(core), id, seed };
}

/** No clock may leap while it is measured, and no step may swallow ticks: that is the bound that leases are within. */
export function withLeases(plan: Plan): Plan {
  return {
    ...plan,
    members: plan.members.map((member) => ({ ...member, options: { ...member.options, leases: true } })),
    world: { ...plan.world, batchMs: Math.min(5, plan.world.batchMs) },
    actions: plan.actions.filter(({ fault }) => fault.kind !== "jump"),
  };
}

/** An option of a member's owner. */
export function ownerOption({ options }: MemberPlan, name: string, fallback: number): number {
  const value = options[name];
  return typeof value === "number" ? value : fallback;
}

/** A number for each kind, and what tells two outputs of a kind apart. */
export function foldOutput(output: LogOutput, trace: Trace): void {
  switch (output.kind) {
    case "accepted":
      trace.number(1);
      trace.number(output.id);
      return trace.number(output.index);
    case "refused":
      trace.number(2);
      trace.number(output.id);
      return trace.number(output.reason.length);
    case "settled":
      trace.number(3);
      trace.number(output.id);
      return trace.number(output.outcome.length);
    case "readable":
      trace.number(4);
      trace.number(output.ids[0] ?? 0);
      return trace.number(output.index);
    case "committed":
      trace.number(5);
      trace.number(output.from);
      return trace.number(output.entries.length);
    case "restore":
      trace.number(6);
      return trace.number(output.snapshot.index);
    case "want":
      trace.number(7);
      return trace.number(output.want);
    case "membership":
      trace.number(9);
      trace.number(output.index);
      return trace.number(output.isCommitted ? 1 : 0);
    case "removed":
      trace.number(10);
      return trace.number(output.index);
    case "leader":
      trace.number(8);
      trace.number(output.term);
      return trace.text(output.leader ?? "");
    default:
      return unreachable(output);
  }
}

/** What the clients of a workload ask, and when: often in haste, sometimes after a while. */
export function drawCalls(workload: Workload, random: Random, count: number, clients: number): PlannedCall[] {
  return Array.from({ length: count }, (_, nth) => ({
    client: nextBelow(random, clients),
    afterMs: nextBelow(random, 4) === 0 ? nextBelow(random, 160) : nextBelow(random, 20),
    call: workload.draw(random, nth),
  }));
}
