import { type OperationEvent, pairEvents } from "./event.ts";
import type { Anomaly, Judgement } from "./judgement.ts";

interface Counts {
  count: number;
  ok: number;
  fail: number;
  info: number;
}

/**
 * How requests ended, in all and for each function.
 *
 * Invalid if no request of one function ever succeeded: then nothing was tested. `crash`, with which a client of kafka
 * ends, is not meant to succeed.
 */
export function judgeOutcomes(history: readonly OperationEvent[]): Judgement {
  const all: Counts = { count: 0, ok: 0, fail: 0, info: 0 };
  const functions = new Map<string, Counts>();
  for (const { invoked, completed } of pairEvents(history)) {
    const own = functions.get(invoked.f) ?? { count: 0, ok: 0, fail: 0, info: 0 };
    functions.set(invoked.f, own);
    const outcome = completed === undefined || completed.type === "invoke" ? "info" : completed.type;
    for (const counts of [all, own]) {
      counts.count++;
      counts[outcome]++;
    }
  }
  const anomalies = [...functions].flatMap(([f, { count, ok }]): Anomaly[] => {
    if (ok > 0 || f === "crash") return [];
    return [{ name: "no-success", explanation: `None of ${count} requests of ${f} succeeded.`, events: [] }];
  });
  return { valid: anomalies.length === 0, anomalies, figures: { ...all, byFunction: Object.fromEntries(functions) } };
}
