import { invariant } from "../../../base/invariant.ts";
import type { Update } from "../messages.ts";

/** What an update costs in memory besides its payload, in bytes: rounded up. */
const overheadBytes = 300;

/** What is known of one sequence number. */
export interface Slot {
  /** Of the newest proposal that was accepted here; 0: learned from others. */
  view: number;
  update: Update;
  /** Final: its update never changes any more. */
  isOrdered: boolean;
  /** Bits of the voters that said that they accepted it in this view, durably: to the leader, or to all. */
  votes: number;
  /** The record that holds it; 0: durable since before the start. */
  record: number;
}

/**
 * The paper's Global_History: what was accepted and ordered, of which the newest part is held in memory.
 *
 * Invariant: floor <= aru, floor < tailFrom <= aru + 1; `slots` holds tailFrom …, without a gap through aru.
 */
export interface History {
  /** The last sequence number that is no longer in the log. */
  floor: number;
  /** The paper's Local_Aru: all through here is ordered here. */
  aru: number;
  tailFrom: number;
  slots: (Slot | undefined)[];
  /** What the slots count for. */
  tailBytes: number;
}

/** A history that starts after `floor`. */
export function newHistory(floor: number): History {
  return { floor, aru: floor, tailFrom: floor + 1, slots: [], tailBytes: 0 };
}

/** What an update counts for in every bound on updates. */
export function updateBytes(update: Update): number {
  return update.payload.length + overheadBytes;
}

/** The highest sequence number that anything is known of. */
export function topOf(history: History): number {
  return history.tailFrom + history.slots.length - 1;
}

/** What is known of `seq`, if that is in memory. */
export function slotAt(history: History, seq: number): Slot | undefined {
  const at = seq - history.tailFrom;
  return at >= 0 && at < history.slots.length ? history.slots[at] : undefined;
}

/** Accepts a proposal: replaces what was accepted in a lower view, never what is ordered. */
export function accept(history: History, seq: number, view: number, update: Update, record: number): void {
  const slot = slotAt(history, seq);
  if (slot === undefined) return put(history, seq, { view, update, isOrdered: false, votes: 0, record });
  invariant(!slot.isOrdered && slot.view <= view, "an accepted update is only replaced by a newer view's");
  history.tailBytes += update.payload.length - slot.update.payload.length;
  slot.view = view;
  slot.update = update;
  slot.votes = 0;
  slot.record = record;
}

/** Takes in what others know to be ordered, whatever was accepted there. */
export function learn(history: History, seq: number, update: Update, record: number): void {
  const slot = slotAt(history, seq);
  if (slot === undefined) return put(history, seq, { view: 0, update, isOrdered: true, votes: 0, record });
  invariant(!slot.isOrdered, "what is ordered is not learned again");
  history.tailBytes += update.payload.length - slot.update.payload.length;
  slot.update = update;
  slot.isOrdered = true;
  slot.record = record;
}

function put(history: History, seq: number, slot: Slot): void {
  const { slots, tailFrom } = history;
  invariant(seq > history.aru, "only what is not ordered yet is taken in");
  while (slots.length < seq - tailFrom) slots.push(undefined);
  slots[seq - tailFrom] = slot;
  history.tailBytes += updateBytes(slot.update);
}

/**
 * Updates `from` … `through` or fewer, within `bytesMax` but at least one; `undefined` when they are not in memory.
 *
 * `through` is at most the aru.
 */
export function updatesFrom(
  history: History,
  from: number,
  through: number,
  bytesMax: number,
): readonly Update[] | undefined {
  if (from < history.tailFrom) return undefined;
  const updates: Update[] = [];
  let bytes = 0;
  for (let seq = from; seq <= through; seq++) {
    const update = slotAt(history, seq)?.update;
    if (update === undefined) break;
    bytes += updateBytes(update);
    if (bytes > bytesMax && updates.length > 0) break;
    updates.push(update);
  }
  return updates;
}

/** The leading ones that fit in `bytesMax`, at least one. */
export function leadingUpdates(updates: readonly Update[], bytesMax: number): readonly Update[] {
  let bytes = 0;
  for (const [at, update] of updates.entries()) {
    bytes += updateBytes(update);
    if (bytes > bytesMax && at > 0) return updates.slice(0, at);
  }
  return updates;
}

/** Drops ordered, durable entries from memory once all exceed `bytesMax`: down to half of it, so rarely. */
export function trimTail(history: History, durable: number, bytesMax: number): void {
  if (history.tailBytes <= bytesMax) return;
  let count = 0;
  for (; history.tailBytes > bytesMax / 2 && history.tailFrom + count <= history.aru; count++) {
    const slot = history.slots[count];
    if (slot === undefined || slot.record > durable) break;
    history.tailBytes -= updateBytes(slot.update);
  }
  history.slots.splice(0, count);
  history.tailFrom += count;
}

/** Makes the log start after `floor`, which is at most the aru: what was accepted behind it stays (Q6). */
export function raiseFloor(history: History, floor: number): void {
  invariant(history.floor <= floor && floor <= history.aru, "a log starts only after what is ordered");
  history.floor = floor;
  dropThrough(history, floor);
}

/** Everything through `seq` is in a snapshot just installed; what is accepted behind that stays (Q4). */
export function startAfter(history: History, seq: number): void {
  invariant(seq > history.aru, "only a snapshot of more than is here is installed");
  history.aru = seq;
  history.floor = seq;
  dropThrough(history, seq);
}

function dropThrough(history: History, seq: number): void {
  const count = seq + 1 - history.tailFrom;
  if (count <= 0) return;
  for (const slot of history.slots.splice(0, count)) {
    if (slot !== undefined) history.tailBytes -= updateBytes(slot.update);
  }
  history.tailFrom = seq + 1;
}

/** How many voters' bits these are. */
export function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
