import type { OperationEvent } from "./event.ts";
import type { Judgement } from "./judgement.ts";

/** What share of the requests must succeed: all of them, or at least this share from 0 to 1. */
export type Availability = "total" | number;

/**
 * Whether enough requests were answered with success; without a demand it only counts them.
 *
 * `crash`, with which a client of kafka ends by itself, asks nobody anything and is left out.
 */
export function judgeAvailability(history: readonly OperationEvent[], wanted?: Availability): Judgement {
  const invoked = history.filter(({ type, f }) => type === "invoke" && f !== "crash").length;
  const ok = history.filter(({ type }) => type === "ok").length;
  const okFraction = invoked === 0 ? 1 : ok / invoked;
  const figures = { invoked, ok, okFraction };
  if (wanted === undefined || okFraction >= (wanted === "total" ? 1 : wanted)) {
    return { valid: true, anomalies: [], figures };
  }
  const wantedText = wanted === "total" ? "all of them should" : `at least ${wanted} of them should`;
  const explanation = `${ok} of ${invoked} requests succeeded (${okFraction.toFixed(5)}), and ${wantedText}.`;
  return { valid: false, anomalies: [{ name: "unavailable", explanation, events: [] }], figures };
}
