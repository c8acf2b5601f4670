import { invariant } from "../../../base/invariant.ts";
import type { Entry, Found } from "../../replicated-log.ts";
import { leadingUpdates, slotAt, updateBytes } from "../log/history.ts";
import type { Update } from "../messages.ts";
import { type Delivery, openWant, type PaxosOutbox, type PaxosState } from "../state.ts";

/** Hands the owner what is ordered, and durable here, in order, within its window of credit (G6, D3). */
export function deliver(state: PaxosState, out: PaxosOutbox): void {
  const { delivery, history, config } = state;
  if (!deliverSnapshot(state, out)) return;
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
  if (entries.length > 0) handOver(delivery, from, entries, bytes, out);
  return entries.length > 0;
}

function handOver(delivery: Delivery, from: number, entries: readonly Update[], bytes: number, out: PaxosOutbox): void {
  delivery.delivered += entries.length;
  delivery.outstanding.push({ last: delivery.delivered, bytes });
  delivery.outstandingBytes += bytes;
  out.output({ kind: "committed", from, entries });
}

/** False while an installed snapshot is not durable yet: nothing may pass it. */
function deliverSnapshot({ delivery, disk }: PaxosState, out: PaxosOutbox): boolean {
  if (delivery.restoring === undefined) return true;
  const { snapshot, record } = delivery.restoring;
  if (disk.durable < record) return false;
  delivery.restoring = undefined;
  delivery.delivered = snapshot.index;
  delivery.want = undefined;
  delivery.outstanding.push({ last: snapshot.index, bytes: 0 });
  out.output({ kind: "restore", snapshot });
  return true;
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
  if (delivery.want !== want) return;
  delivery.want = undefined;
  if (found.kind !== "entries" || found.from !== delivery.delivered + 1 || delivery.restoring !== undefined) return;
  const last = Math.min(history.aru, history.tailFrom - 1); // what left memory is durable
  const updates = updatesOf(found.entries).slice(0, Math.max(0, last - delivery.delivered));
  if (updates.length === 0) return;
  const leading = leadingUpdates(updates, config.runBytesMax);
  const bytes = leading.reduce((sum, update) => sum + updateBytes(update), 0);
  handOver(delivery, delivery.delivered + 1, leading, bytes, out);
}

/** What a store of this protocol gives back: entries as they were stored. */
export function updatesOf(entries: readonly Entry[]): readonly Update[] {
  return entries.filter(isUpdate);
}

function isUpdate(entry: Entry): entry is Update {
  invariant("client" in entry && "timestamp" in entry, "storage gives back what was stored");
  return true;
}

/** The owner has taken in all through `index`: credit for more. */
export function takeCredit({ delivery }: PaxosState, index: number): void {
  invariant(index <= delivery.delivered, "only what was delivered is applied");
  delivery.applied = Math.max(delivery.applied, index);
  let count = 0;
  for (const part of delivery.outstanding) {
    if (part.last > index) break;
    delivery.outstandingBytes -= part.bytes;
    count++;
  }
  if (count > 0) delivery.outstanding.splice(0, count);
}
