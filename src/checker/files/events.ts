import type { OperationEvent } from "../operations/event.ts";
import { readLines } from "./file.ts";
import { show } from "./lines.ts";
import { lineError } from "./pairing.ts";

/**
 * Reads a history with calls of any kind, one JSON object a line, in the order in which it happened: what was asked and
 * answered is in `value`, times are in `timeNs` or `time`, if anywhere. Throws `MalformedError`, with the number of the
 * line.
 */
export function parseEvents(text: string): OperationEvent[] {
  const events: OperationEvent[] = [];
  const processes = new Map<string, number>();
  const open = new Set<string>();
  let latest = 0;
  for (const { number, process, type, f, time, fields } of readLines(text, "jsonl")) {
    const { value = null, timeNs = time ?? latest } = fields;
    if (!Number.isSafeInteger(timeNs) || Number(timeNs) < latest) {
      throw lineError(
        number,
        `the time must be a whole number and not before that of earlier lines, not ${show(timeNs)}`,
      );
    }
    latest = Number(timeNs);
    if (type === "invoke" && open.has(process)) {
      throw lineError(number, `process ${process} calls again, but its call before has not ended`);
    }
    if (type !== "invoke" && !open.delete(process)) {
      throw lineError(number, `process ${process} has no call that could end`);
    }
    if (type === "invoke") open.add(process);
    const own = processes.get(process) ?? processes.size;
    processes.set(process, own);
    events.push({ process: own, type, f, value, timeNs: latest });
  }
  return events;
}
