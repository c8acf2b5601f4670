import { formatJson } from "../network/json.ts";
import { type Body, isRecord } from "../network/message.ts";
import { MalformedReplyError } from "../run/rpc-errors.ts";

/** Reads one field of an answer; anything else than what the workload's protocol says is refused. */
export function fieldOf<Value>(
  reply: Body,
  field: string,
  what: string,
  is: (value: unknown) => value is Value,
): Value {
  const value = reply[field];
  if (is(value)) return value;
  const found = value === undefined ? "is missing" : `is ${shorten(formatJson(value))}`;
  throw new MalformedReplyError(`\`${field}\` of a ${String(reply.type)} must be ${what}, and ${found}`);
}

/** A field that may hold anything, but must be there. */
export function anyField(reply: Body, field: string): unknown {
  return fieldOf(reply, field, "there", isPresent);
}

/** Tells lists. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Tells whole numbers. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Tells maps from keys to whole numbers. */
export function isOffsets(value: unknown): value is Readonly<Record<string, number>> {
  return isRecord(value) && Object.values(value).every(isWhole);
}

/** Tells maps from keys to lists of offsets with their messages. */
export function isPolled(value: unknown): value is Readonly<Record<string, readonly (readonly [number, unknown])[]>> {
  const isPair = (pair: unknown): boolean => isList(pair) && pair.length === 2 && isWhole(pair[0]);
  return isRecord(value) && Object.values(value).every((pairs) => isList(pairs) && pairs.every(isPair));
}

function isPresent(value: unknown): value is unknown {
  return value !== undefined;
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
