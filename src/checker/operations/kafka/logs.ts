import type { Findings } from "../findings.ts";
import type { Message, Request, Seen } from "./requests.ts";

/** The log of one key, as far as requests show it. Offsets may have gaps; places count what is known, from 0. */
export interface Log {
  /** The messages at each place: more than one if requests contradict each other. */
  readonly places: readonly ReadonlySet<Message>[];
  readonly offsets: readonly number[];
  /** For each message its first and last place. */
  readonly first: ReadonlyMap<Message, number>;
  readonly last: ReadonlyMap<Message, number>;
}

/** Puts the log of each key together from all answers that name an offset. */
export function assembleLogs(requests: readonly Request[]): ReadonlyMap<string, Log> {
  const slots = new Map<string, Map<number, Set<Message>>>();
  for (const { sent, polled } of requests) {
    for (const { key, offset, message } of [...sent, ...polled]) {
      if (offset === undefined) continue;
      const log = slots.get(key) ?? new Map<number, Set<Message>>();
      slots.set(key, log);
      const slot = log.get(offset);
      if (slot === undefined) log.set(offset, new Set([message]));
      else slot.add(message);
    }
  }
  return new Map([...slots].map(([key, log]) => [key, orderLog(log)]));
}

function orderLog(slots: ReadonlyMap<number, ReadonlySet<Message>>): Log {
  const sorted = [...slots].sort(([left], [right]) => left - right);
  const first = new Map<Message, number>();
  const last = new Map<Message, number>();
  for (const [place, [, messages]] of sorted.entries()) {
    for (const message of messages) {
      if (!first.has(message)) first.set(message, place);
      last.set(message, place);
    }
  }
  const offsets = sorted.map(([offset]) => offset);
  return { places: sorted.map(([, messages]) => messages), offsets, first, last };
}

/** Finds offsets that hold two messages, and messages that are at two offsets. */
export function findContradictions(logs: ReadonlyMap<string, Log>, findings: Findings): void {
  for (const [key, { places, offsets, first, last }] of logs) {
    for (const [place, messages] of places.entries()) {
      if (messages.size < 2) continue;
      findings.add("inconsistent-offsets", [], () => {
        return `Offset ${offsets[place]} of key ${key} held ${[...messages].slice(0, 8).join(" and ")}.`;
      });
    }
    for (const [message, place] of first) {
      const again = last.get(message) ?? place;
      if (again === place) continue;
      findings.add("duplicate", [], () => {
        return `Message ${message} of key ${key} is at offsets ${offsets[place]} and ${offsets[again]}.`;
      });
    }
  }
}

/** How many places a client went on from one message to the next of the same key; 1 if the log does not tell. */
export function stepBetween(log: Log | undefined, from: Message, to: Message): number {
  const [before, after] = [log?.last.get(from), log?.last.get(to)];
  return before === undefined || after === undefined ? 1 : after - before;
}

/** The messages between two of one key. */
export function messagesBetween(log: Log | undefined, from: Message, to: Message): readonly Message[] {
  const skipped = log?.places.slice((log.last.get(from) ?? 0) + 1, log.last.get(to)) ?? [];
  return skipped.flatMap((messages) => [...messages]);
}

/** Messages by key, in their order. */
export function byKey(seen: readonly Seen[]): ReadonlyMap<string, readonly Message[]> {
  const keys = new Map<string, Message[]>();
  for (const { key, message } of seen) {
    const messages = keys.get(key);
    if (messages === undefined) keys.set(key, [message]);
    else messages.push(message);
  }
  return keys;
}
