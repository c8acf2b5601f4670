import type { NodeId } from "../../../base/ids.ts";

/** Other names for the members. */
export type Renaming = ReadonlyMap<NodeId, NodeId>;

/**
 * Plain data as a text that is equal for equal data and different for different data, with the members renamed.
 *
 * Sets and Maps are sorted after renaming, for order has no meaning in them. Fields keep their order; one
 * that is undefined counts as absent.
 */
export function canonical(value: unknown, renaming: Renaming): string {
  if (typeof value === "string") return wordText(renaming.get(value) ?? value);
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Uint8Array) return `<${value.join()}>`;
  if (Array.isArray(value)) return `[${textOf(value, renaming)}]`;
  if (value instanceof Set) return `{${sortedText(value, renaming)}}`;
  if (value instanceof Map) return `{${sortedText(value, renaming)}}`;
  let text = "(";
  for (const [key, held] of Object.entries(value)) {
    if (held !== undefined) text += `${key}:${canonical(held, renaming)},`;
  }
  return `${text})`;
}

/** With its length before it, a text may contain anything. */
function wordText(word: string): string {
  return `${word.length}"${word}`;
}

function textOf(values: readonly unknown[], renaming: Renaming): string {
  let text = "";
  for (const value of values) text += `${canonical(value, renaming)},`;
  return text;
}

function sortedText(values: Iterable<unknown>, renaming: Renaming): string {
  return Array.from(values, (value) => canonical(value, renaming))
    .sort()
    .join();
}

/** Every way to rename these members among themselves; the first changes nothing. */
export function renamings(ids: readonly NodeId[]): Renaming[] {
  return permutations(ids).map((names) => new Map(ids.map((id, at) => [id, names[at] ?? id])));
}

function permutations(ids: readonly NodeId[]): NodeId[][] {
  if (ids.length === 0) return [[]];
  return ids.flatMap((first) => permutations(ids.filter((id) => id !== first)).map((rest) => [first, ...rest]));
}

/** A 64-bit hash of a text, in two halves that are hardly related (cyrb53 by bryc, public domain, kept whole). */
export function hashText(text: string): readonly [number, number] {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x9e3779b1);
    high = Math.imul(high ^ unit, 0x5f356495);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return [low >>> 0, high >>> 0];
}
