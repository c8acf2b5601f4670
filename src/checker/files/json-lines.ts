import type { History, Operation } from "../history.ts";
import type { Line } from "./lines.ts";
import { show } from "./lines.ts";
import { lineError } from "./pairing.ts";
import { isRecord } from "./vocabulary.ts";

/** Reads one object a line: `{"process": 1, "type": "invoke", "f": "read", "time": 10, …}`. */
export function readJsonLine(number: number, text: string): Line {
  const value = parse(number, text);
  if (!isRecord(value)) throw lineError(number, `must be an object, not ${show(value)}`);
  const { process, type, f, time, ...fields } = value;
  if (typeof process !== "string" && typeof process !== "number") {
    throw lineError(number, `process must be a text or a number, not ${show(process)}`);
  }
  if (type !== "invoke" && type !== "ok" && type !== "fail" && type !== "info") {
    throw lineError(number, `type must be invoke, ok, fail or info, not ${show(type)}`);
  }
  if (typeof f !== "string") throw lineError(number, `f must be the name of a call, not ${show(f)}`);
  if (time !== undefined && !Number.isSafeInteger(time)) {
    throw lineError(number, `time must be a whole number, not ${show(time)}`);
  }
  return { number, process: String(process), type, f, time: time as number | undefined, fields };
}

function parse(number: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw lineError(number, `is no JSON: ${show(text)}`);
  }
}

/**
 * Writes a history, a line for each call and each answer, in order of time. Calls that one client has open at the same
 * time are those of several processes: `a`, `a/2` and so on.
 */
export function formatHistory(history: History<{ readonly kind: string }, { readonly kind: string }>): string {
  const processes = new Map<string, number[]>();
  const lines: { readonly time: number; readonly isEnd: boolean; readonly fields: object }[] = [];
  for (const operation of [...history].sort((left, right) => left.calledAt - right.calledAt)) {
    const { call, calledAt, result, returnedAt } = operation;
    const { kind: f, ...fields } = call;
    const process = processOf(operation, processes);
    lines.push({ time: calledAt, isEnd: false, fields: { process, type: "invoke", time: calledAt, f, ...fields } });
    if (returnedAt === undefined) continue;
    lines.push({ time: returnedAt, isEnd: true, fields: { process, type: "ok", time: returnedAt, f, ...result } });
  }
  lines.sort((left, right) => left.time - right.time || Number(left.isEnd) - Number(right.isEnd));
  return lines.map(({ fields }) => `${JSON.stringify(fields)}\n`).join("");
}

/** The first of the client's processes that is free; `processes` keeps until when each is busy. */
function processOf(
  { client, calledAt, returnedAt }: Operation<unknown, unknown>,
  processes: Map<string, number[]>,
): string {
  const busy = processes.get(client) ?? [];
  processes.set(client, busy);
  const free = busy.findIndex((until) => until < calledAt);
  const at = free < 0 ? busy.length : free;
  busy[at] = returnedAt ?? Number.POSITIVE_INFINITY;
  return at === 0 ? client : `${client}/${at + 1}`;
}
