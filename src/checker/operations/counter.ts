import { type OperationEvent, type OperationPair, pairEvents } from "./event.ts";
import { Findings } from "./findings.ts";
import { show } from "./identity.ts";
import type { Judgement } from "./judgement.ts";

/** Whole numbers from the first to the second, both included. */
type Range = readonly [number, number];

/** Ranges kept apart; with more, all between the lowest and the highest sum is let pass, as `unknown`. */
const rangesMax = 10_000;

/**
 * Whether each final read of a counter is a sum that the additions can have.
 *
 * Additions that were acknowledged count, those that failed do not, and each of the others may or may not.
 */
export function judgeCounter(history: readonly OperationEvent[]): Judgement {
  const pairs = pairEvents(history);
  const { acceptable, isExact } = acceptableSums(pairs);
  const finals = pairs.filter(({ invoked, completed }) => {
    return invoked.f === "read" && completed?.type === "ok" && (invoked.final ?? completed.final) === true;
  });
  const findings = new Findings();
  for (const { index, completed } of finals) {
    const value = completed?.value;
    if (acceptable.some(([from, to]) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to))
      continue;
    findings.add("wrong-sum", [index], () => {
      const node = completed?.node === undefined ? "A final read" : `The final read of ${completed.node}`;
      return `${node} gave ${show(value)}, but the additions sum up to ${describe(acceptable)}.`;
    });
  }
  const figures = {
    finalReads: finals.slice(0, 100).map(({ completed }) => completed?.value),
    acceptable: acceptable.slice(0, 100),
  };
  if (findings.anomalies.length > 0) return { valid: false, anomalies: findings.anomalies, figures };
  if (finals.length > 0 && isExact) return { valid: true, anomalies: [], figures };
  const explanation =
    finals.length === 0
      ? "No final read was answered."
      : `The additions without an answer allow more than ${rangesMax} ranges of sums.`;
  return { valid: "unknown", anomalies: [{ name: "undecided", explanation, events: [] }], figures };
}

/** All sums that the additions can have, as ranges in ascending order. */
function acceptableSums(pairs: readonly OperationPair[]): { acceptable: readonly Range[]; isExact: boolean } {
  let certain = 0;
  const uncertain: number[] = [];
  for (const { invoked, completed } of pairs) {
    const delta = invoked.value;
    if (invoked.f !== "add" || typeof delta !== "number" || completed?.type === "fail") continue;
    if (completed?.type === "ok") certain += delta;
    else if (delta !== 0) uncertain.push(delta);
  }
  let acceptable: readonly Range[] = [[certain, certain]];
  for (const delta of uncertain) {
    const moved = acceptable.map(([from, to]): Range => [from + delta, to + delta]);
    acceptable = merge([...acceptable, ...moved]);
    if (acceptable.length <= rangesMax) continue;
    const lowest = uncertain.reduce((sum, each) => sum + Math.min(each, 0), certain);
    const highest = uncertain.reduce((sum, each) => sum + Math.max(each, 0), certain);
    return { acceptable: [[lowest, highest]], isExact: false };
  }
  return { acceptable, isExact: true };
}

/** Ranges that touch become one. */
function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function describe(ranges: readonly Range[]): string {
  const shown = ranges.slice(0, 8).map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  return `${shown.join(", or ")}${ranges.length > shown.length ? ", or …" : ""}`;
}
