import type { Findings } from "../findings.ts";
import { byKey, type Log, messagesBetween, stepBetween } from "./logs.ts";
import type { Message, Request } from "./requests.ts";

/** The last message of a key that a process dealt with, and in which request. */
interface Position {
  readonly message: Message;
  readonly index: number;
}

/** Where one process stands, by key. */
interface Positions {
  polled: Map<string, Position>;
  sent: Map<string, Position>;
}

/**
 * Finds polls and sends of one process that do not go forward, and polls that leave messages out: within one request
 * (`int-…`), and from one request to the next. What is assigned anew, or again from its beginning, starts afresh.
 */
export function findStumbles(requests: readonly Request[], logs: ReadonlyMap<string, Log>, findings: Findings): void {
  const processes = new Map<number, Positions>();
  for (const request of requests) {
    const positions = processes.get(request.process) ?? { polled: new Map(), sent: new Map() };
    processes.set(request.process, positions);
    if (request.assigned !== undefined) assign(positions, request);
    else if (request.outcome !== "fail") follow(request, positions, logs, findings);
  }
}

function assign(positions: Positions, { assigned, isRewound, outcome }: Request): void {
  if (outcome === "fail") return;
  const keep = (held: ReadonlyMap<string, Position>) => new Map([...held].filter(([key]) => assigned?.has(key)));
  positions.polled = isRewound ? new Map() : keep(positions.polled);
  positions.sent = keep(positions.sent);
}

function follow(
  { index, polled, sent }: Request,
  positions: Positions,
  logs: ReadonlyMap<string, Log>,
  findings: Findings,
): void {
  const judgeStep = (prefix: string, verb: "poll" | "send", key: string, from: Position, to: Position): void => {
    const log = logs.get(key);
    const step = stepBetween(log, from.message, to.message);
    const told = `A process ${verb === "poll" ? "polled" : "sent"} ${from.message} of key ${key} and then ${to.message}`;
    const events = from.index === to.index ? [to.index] : [from.index, to.index];
    if (step < 1) {
      const how = step === 0 ? "again" : `which is ${-step} before it in the log`;
      findings.add(`${prefix}nonmonotonic-${verb}`, events, () => `${told}, ${how}.`);
    } else if (step > 1 && verb === "poll") {
      findings.add(`${prefix}poll-skip`, events, () => {
        const skipped = messagesBetween(log, from.message, to.message);
        return `${told}, and left out ${skipped.slice(0, 8).join(", ")}${skipped.length > 8 ? ", …" : ""} between them.`;
      });
    }
  };
  for (const [verb, seen, held] of [
    ["poll", polled, positions.polled],
    ["send", sent, positions.sent],
  ] as const) {
    for (const [key, messages] of byKey(seen)) {
      let before = held.get(key);
      for (const [at, message] of messages.entries()) {
        if (before !== undefined) judgeStep(at === 0 ? "" : "int-", verb, key, before, { message, index });
        before = { message, index };
      }
      if (before !== undefined) held.set(key, before);
    }
  }
}
