import { type OperationEvent, pairEvents } from "../../checker/operations/event.ts";
import { distributionOf } from "../../checker/operations/quantiles.ts";

/** How long the successful requests took, in ms by share, in all and for each function. */
export function latencyFigures(history: readonly OperationEvent[]): Readonly<Record<string, object>> {
  const byFunction = new Map<string, number[]>();
  for (const { invoked, completed } of pairEvents(history)) {
    if (completed?.type !== "ok") continue;
    const ms = (completed.timeNs - invoked.timeNs) / 1e6;
    for (const name of ["all", invoked.f]) {
      const list = byFunction.get(name) ?? [];
      list.push(ms);
      byFunction.set(name, list);
    }
  }
  return Object.fromEntries([...byFunction].map(([name, ms]) => [name, distributionOf(ms) ?? {}]));
}
