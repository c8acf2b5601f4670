import { invariant } from "../../../base/invariant.ts";
import { deliverEntries, deliverSnapshot, entriesWanted } from "../../delivery-window.ts";
import type { Entry, Found } from "../../replicated-log.ts";
import { leadingUpdates, slotAt, updateBytes } from "../log/history.ts";
import type { Update } from "../messages.ts";
import { openWant, type PaxosOutbox, type PaxosState } from "../state.ts";

/** Hands the owner what is ordered, and durable here, in order, within its window of credit (G6, D3). */
export function deliver(state: PaxosState, out: PaxosOutbox): void {
  const { delivery, history, config } = state;
  if (!deliverSnapshot(delivery, state.disk.durable, out)) return;
  while (delivery.delivered < history.aru && delivery.outstandingBytes < config.deliveryBytesMax) {
    if (delivery.delivered + 1 < history.tailFrom) return wantEntries(state, out);
    if (!deliverNext(state, out)) return;
  }
}

/** Delivers the next ordered updates that are durable here, about as many as a message holds; false: there are none. */
function deliverNext({ history, delivery, disk, config }: PaxosState, out: PaxosOutbox): boolean {
  const from = delivery.delivered + 1;
  const entries: Update[] = [];
  let bytes = 0;
  for (let seq = from; seq <= history.aru && bytes < config.runBytesMax; seq++) {
    const slot = slotAt(history, seq);
    if (slot === undefined || slot.record > disk.durable) break;
    entries.push(slot.update);
    bytes += updateBytes(slot.update);
  }
  if (entries.length > 0) deliverEntries(delivery, entries, bytes, out);
  return entries.length > 0;
}

/** Entries that are not in memory any more come from storage: a slow owner costs no memory. */
function wantEntries(state: PaxosState, out: PaxosOutbox): void {
  const { delivery, config } = state;
  if (delivery.want !== undefined) return;
  const what = { kind: "entries", from: delivery.delivered + 1, bytesMax: config.runBytesMax } as const;
  delivery.want = openWant(state, undefined, what, out);
}

/** Storage answered a question asked for delivery. */
export function takeDeliverySupply(state: PaxosState, want: number, found: Found, out: PaxosOutbox): void {
  const { delivery, history, config } = state;
  const last = Math.min(history.aru, history.tailFrom - 1); // what left memory is durable
  const updates = updatesOf(entriesWanted(delivery, want, found)).slice(0, Math.max(0, last - delivery.delivered));
  if (updates.length === 0) return;
  const leading = leadingUpdates(updates, config.runBytesMax);
  const bytes = leading.reduce((sum, update) => sum + updateBytes(update), 0);
  deliverEntries(delivery, leading, bytes, out);
}

/** What a store of this protocol gives back: entries as they were stored. */
export function updatesOf(entries: readonly Entry[]): readonly Update[] {
  return entries.filter(isUpdate);
}

function isUpdate(entry: Entry): entry is Update {
  invariant("client" in entry && "timestamp" in entry, "storage gives back what was stored");
  return true;
}
