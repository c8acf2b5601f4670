import type { EventKind, OperationEvent } from "../../src/checker/index.ts";

/**
 * A request in a line: `"<process> <f>"`, perhaps with `final`; what is asked; and if it ever ended, how and with what.
 *
 * Requests follow each other, a millisecond from each event to the next; places count events from 0.
 */
export type Told = readonly [who: string, value: unknown, type?: EventKind, answer?: unknown];

/** The history of such requests. */
export function tell(...requests: readonly Told[]): OperationEvent[] {
  const history: OperationEvent[] = [];
  for (const [who, value, type, answer = value] of requests) {
    const [process = "", f = "", final] = who.split(" ");
    const event = { process: Number(process), f, ...(final === "final" && { final: true as const }) };
    history.push({ ...event, type: "invoke", value, timeNs: history.length * 1e6 });
    if (type !== undefined) history.push({ ...event, type, value: answer, timeNs: history.length * 1e6 });
  }
  return history;
}

/** A transaction as a request: its steps as `r x [1, 2]`, `append x 3` or `w x 3`, between semicolons. */
export function transact(process: number, steps: string, type?: EventKind): Told {
  const answered = steps.split(";").map((step) => {
    const [f = "", key = "", ...value] = step.trim().split(" ");
    return [f, key, JSON.parse(value.join(" "))] as const;
  });
  const asked = answered.map(([f, key, value]) => [f, key, f === "r" ? null : value]);
  return type === undefined
    ? [`${process} txn`, asked]
    : [`${process} txn`, asked, type, type === "ok" ? answered : asked];
}
