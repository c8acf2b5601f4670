import { updateBytes } from "../log/history.ts";
import type { Update } from "../messages.ts";

/** What became so far of a proposal of several payloads. */
export interface Bundle {
  readonly count: number;
  /** So many have a place: from `first`, if any, to `last`. */
  placed: number;
  first: number;
  last: number;
  term: number;
  /** They stand one after the other, first proposed in one view: then they can be told of as one. */
  isTogether: boolean;
}

/** An update that waits to be ordered; alone, one of a run before, of which nobody is told. */
export interface Waiting {
  readonly update: Update;
  /** The tick at which it was last sent, and how often it was. */
  sentAt: number;
  tries: number;
}

/** An owner's update that is not ordered yet. */
export interface Pending extends Waiting {
  /** Of the proposal. */
  readonly id: number;
  /** Of several payloads. */
  readonly bundle: Bundle | undefined;
}

/** The paper's Pending_Updates, by timestamp: `items[0]` has `first`, and those before `head` are ordered. */
export interface PendingUpdates {
  first: number;
  head: number;
  items: (Pending | undefined)[];
  count: number;
  bytes: number;
}

/** Ordered ones are dropped from the front this many at a time. */
const dropCount = 1024;

/** Nothing is pending; the first timestamp will be 1. */
export function newPendingUpdates(): PendingUpdates {
  return { first: 1, head: 0, items: [], count: 0, bytes: 0 };
}

/** The timestamp of the next update. */
export function nextTimestamp({ first, items }: PendingUpdates): number {
  return first + items.length;
}

/** Adds the update that has the next timestamp. */
export function addPending(updates: PendingUpdates, pending: Pending): void {
  updates.items.push(pending);
  updates.count++;
  updates.bytes += updateBytes(pending.update);
}

/** Takes out the update of this timestamp, if it is pending. */
export function takePending(updates: PendingUpdates, timestamp: number): Pending | undefined {
  const { items } = updates;
  const at = timestamp - updates.first;
  const pending = at >= updates.head && at < items.length ? items[at] : undefined;
  if (pending === undefined) return undefined;
  items[at] = undefined;
  updates.count--;
  updates.bytes -= updateBytes(pending.update);
  while (updates.head < items.length && items[updates.head] === undefined) updates.head++;
  if (updates.head === items.length || updates.head >= dropCount) {
    items.splice(0, updates.head);
    updates.first += updates.head;
    updates.head = 0;
  }
  return pending;
}

/** All that are pending, oldest first. */
export function allPending({ items, head, count }: PendingUpdates): readonly Pending[] {
  return count === 0 ? [] : items.slice(head).filter((pending) => pending !== undefined);
}
