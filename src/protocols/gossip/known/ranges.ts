import type { Range } from "../messages.ts";

/** A set of whole numbers: ranges in order, apart from each other by at least one number. Never changed in place. */
export type Ranges = readonly Range[];

/** What is in one of them, or in both. */
export function union(one: Ranges, other: Ranges): Ranges {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const joined: [number, number][] = [];
  let [at, place] = [0, 0];
  while (at < one.length || place < other.length) {
    const left = one[at];
    const right = other[place];
    const isLeft = right === undefined || (left !== undefined && left[0] <= right[0]);
    const [first, last] = (isLeft ? one[at++] : other[place++]) as Range;
    const before = joined.at(-1);
    if (before === undefined || before[1] + 1 < first) joined.push([first, last]);
    else if (before[1] < last) before[1] = last;
  }
  return joined;
}

/** What is in `from` and not in `what`. */
export function minus(from: Ranges, what: Ranges): Ranges {
  if (from.length === 0 || what.length === 0) return from;
  const rest: Range[] = [];
  let at = 0;
  for (const [first, last] of from) {
    let next = first;
    while (at < what.length && (what[at] as Range)[1] < first) at++;
    for (let place = at; place < what.length && (what[place] as Range)[0] <= last; place++) {
      const [start, end] = what[place] as Range;
      if (start > next) rest.push([next, start - 1]);
      next = Math.max(next, end + 1);
    }
    if (next <= last) rest.push([next, last]);
  }
  return rest;
}

/** What is in both. */
export function common(one: Ranges, other: Ranges): Ranges {
  const both: Range[] = [];
  let [at, place] = [0, 0];
  while (at < one.length && place < other.length) {
    const left = one[at] as Range;
    const right = other[place] as Range;
    const first = Math.max(left[0], right[0]);
    const last = Math.min(left[1], right[1]);
    if (first <= last) both.push([first, last]);
    if (left[1] < right[1]) at++;
    else place++;
  }
  return both;
}

/** How many numbers are in the set. */
export function countOf(ranges: Ranges): number {
  let count = 0;
  for (const [first, last] of ranges) count += last - first + 1;
  return count;
}

/** Whether these are ranges as they must be, whoever says so. */
export function areRanges(ranges: readonly (readonly [number, number])[]): boolean {
  let before = -1;
  for (const [first, last] of ranges) {
    if (
      !(Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 1 && first > before + 1 && first <= last)
    )
      return false;
    before = last;
  }
  return true;
}
