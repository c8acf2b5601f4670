import { type OperationEvent, pairEvents } from "./event.ts";
import { Findings } from "./findings.ts";
import { identityOf } from "./identity.ts";
import type { Judgement } from "./judgement.ts";

/** Whether no two calls of `generate` were given the same id. */
export function judgeUniqueIds(history: readonly OperationEvent[]): Judgement {
  const given = new Map<number | string, number[]>();
  let attempted = 0;
  let acknowledged = 0;
  for (const { index, invoked, completed } of pairEvents(history)) {
    if (invoked.f !== "generate") continue;
    attempted++;
    if (completed?.type !== "ok") continue;
    acknowledged++;
    const identity = identityOf(completed.value);
    const calls = given.get(identity);
    if (calls === undefined) given.set(identity, [index]);
    else calls.push(index);
  }
  const findings = new Findings();
  for (const [identity, calls] of given) {
    if (calls.length === 1) continue;
    findings.add("duplicate-id", calls, () => {
      const shown = typeof identity === "number" ? String(identity) : identity.slice(0, 80);
      return `The id ${shown} was given ${calls.length} times.`;
    });
  }
  const duplicated = findings.counts()["duplicate-id"] ?? 0;
  return {
    valid: duplicated === 0,
    anomalies: findings.anomalies,
    figures: { attempted, acknowledged, duplicated },
  };
}
