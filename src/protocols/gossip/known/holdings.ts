import type { Digest, Numbers, Origin } from "../messages.ts";
import { common, countOf, minus, type Ranges, union } from "./ranges.ts";

/** Numbers by origin, none of them without a number: what somebody has, lacks, or is owed. Order has no meaning. */
export type Holdings = Map<Origin, Ranges>;

/** Holdings that are only looked at. */
export type ReadonlyHoldings = ReadonlyMap<Origin, Ranges>;

/** Puts numbers in. */
export function add(holdings: Holdings, origin: Origin, ranges: Ranges): void {
  if (ranges.length === 0) return;
  const before = holdings.get(origin);
  holdings.set(origin, before === undefined ? ranges : union(before, ranges));
}

/** Takes numbers out. */
export function remove(holdings: Holdings, origin: Origin, ranges: Ranges): void {
  const before = holdings.get(origin);
  if (before === undefined) return;
  const rest = minus(before, ranges);
  if (rest.length === 0) holdings.delete(origin);
  else if (rest !== before) holdings.set(origin, rest);
}

/** Puts in all that somebody says. */
export function addAll(holdings: Holdings, what: Iterable<Numbers> | ReadonlyHoldings): void {
  for (const [origin, ranges] of pairs(what)) add(holdings, origin, ranges);
}

/** Takes out all that somebody says. */
export function removeAll(holdings: Holdings, what: Iterable<Numbers> | ReadonlyHoldings): void {
  for (const [origin, ranges] of pairs(what)) remove(holdings, origin, ranges);
}

/** What one has and the other lacks. */
export function difference(one: ReadonlyHoldings, other: ReadonlyHoldings): Holdings {
  const rest: Holdings = new Map();
  for (const [origin, ranges] of one) {
    const lacking = minus(ranges, other.get(origin) ?? []);
    if (lacking.length > 0) rest.set(origin, lacking);
  }
  return rest;
}

/** What both have. */
export function intersection(one: ReadonlyHoldings, other: ReadonlyHoldings): Holdings {
  const both: Holdings = new Map();
  for (const [origin, ranges] of one) {
    const shared = common(ranges, other.get(origin) ?? []);
    if (shared.length > 0) both.set(origin, shared);
  }
  return both;
}

/** How many numbers there are in all. */
export function size(holdings: ReadonlyHoldings): number {
  let sum = 0;
  for (const ranges of holdings.values()) sum += countOf(ranges);
  return sum;
}

/**
 * As it is told to others, with at most so many ranges: it may say less than there is, and never more.
 *
 * `start`: at which of the origins to begin, so that what is told again and again is all told in the end.
 */
export function digestOf(holdings: ReadonlyHoldings, rangesMax: number, start = 0): Digest {
  const digest: Numbers[] = [];
  let room = rangesMax;
  const all = [...holdings];
  for (const [origin, ranges] of [...all.slice(start), ...all.slice(0, start)]) {
    if (room <= 0) break;
    digest.push({ origin, ranges: ranges.length <= room ? ranges : ranges.slice(0, room) });
    room -= ranges.length;
  }
  return digest;
}

/** 52 bits that differ, for all practical purposes, when holdings do; 0 for none. */
export function hashOf(holdings: ReadonlyHoldings): number {
  let [low, high] = [0, 0];
  for (const [origin, ranges] of holdings) {
    let [one, other] = [0x2545f491, 0x9e3779b9];
    const mix = (value: number): void => {
      one = Math.imul(one ^ value, 0x85ebca6b);
      one ^= one >>> 15;
      other = Math.imul(other + value, 0xc2b2ae35) ^ one;
      other = (other << 13) | (other >>> 19);
    };
    for (let at = 0; at < origin.length; at++) mix(origin.charCodeAt(at));
    for (const [first, last] of ranges) {
      mix(first | 0);
      mix(Math.floor(first / 2 ** 32));
      mix(last | 0);
    }
    low = (low + one) >>> 0; // a sum, because order has no meaning
    high = (high + other) >>> 0;
  }
  return (high % 2 ** 20) * 2 ** 32 + low;
}

function* pairs(what: Iterable<Numbers> | ReadonlyHoldings): Iterable<readonly [Origin, Ranges]> {
  if (what instanceof Map) yield* what;
  else for (const { origin, ranges } of what as Iterable<Numbers>) yield [origin, ranges];
}
