import { type OperationEvent, pairEvents } from "./event.ts";
import { Findings } from "./findings.ts";
import { identityOf, show } from "./identity.ts";
import type { Judgement } from "./judgement.ts";

/** Whether every `echo` that was answered came back as it was sent. */
export function judgeEcho(history: readonly OperationEvent[]): Judgement {
  const findings = new Findings();
  let answered = 0;
  for (const { index, invoked, completed } of pairEvents(history)) {
    if (invoked.f !== "echo" || completed?.type !== "ok") continue;
    answered++;
    if (identityOf(invoked.value) === identityOf(completed.value)) continue;
    findings.add("wrong-echo", [index], () => `${show(invoked.value)} came back as ${show(completed.value)}.`);
  }
  return { valid: findings.anomalies.length === 0, anomalies: findings.anomalies, figures: { answered } };
}
