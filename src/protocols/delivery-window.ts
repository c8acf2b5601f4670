import { invariant } from "../base/invariant.ts";
import type { Entry, Found, LogOutput, SnapshotName } from "./replicated-log.ts";

/** What the owner of a log was handed, and how much of it is not taken in yet: plain data. */
export interface Delivery {
  /** All through here was handed to the owner. */
  delivered: number;
  /** All through here the owner has taken in. */
  applied: number;
  /** Handed over and not taken in, oldest first. */
  outstanding: { readonly last: number; readonly bytes: number }[];
  outstandingBytes: number;
  /** The question to storage for entries that are not in memory any more. */
  want: number | undefined;
  /** A snapshot installed but not yet durable: nothing is delivered before it. */
  restoring: { readonly snapshot: SnapshotName; readonly record: number } | undefined;
}

interface Outlet {
  output(output: LogOutput): void;
}

/** An owner that has everything through `applied`. */
export function newDelivery(applied: number): Delivery {
  return {
    delivered: applied,
    applied,
    outstanding: [],
    outstandingBytes: 0,
    want: undefined,
    restoring: undefined,
  };
}

/** Hands the next entries to the owner; `bytes` of its credit are used up until it has taken them in. */
export function deliverEntries(delivery: Delivery, entries: readonly Entry[], bytes: number, out: Outlet): void {
  const from = delivery.delivered + 1;
  delivery.delivered += entries.length;
  delivery.outstanding.push({ last: delivery.delivered, bytes });
  delivery.outstandingBytes += bytes;
  out.output({ kind: "committed", from, entries });
}

/** Hands over an installed snapshot, if there is one. False while it is not durable yet: nothing may pass it. */
export function deliverSnapshot(delivery: Delivery, durable: number, out: Outlet): boolean {
  if (delivery.restoring === undefined) return true;
  const { snapshot, record } = delivery.restoring;
  if (durable < record) return false;
  delivery.restoring = undefined;
  delivery.delivered = snapshot.index;
  delivery.want = undefined;
  delivery.outstanding.push({ last: snapshot.index, bytes: 0 });
  out.output({ kind: "restore", snapshot });
  return true;
}

/** Storage answered question `want`: the entries that come next, or nothing that is waited for here. */
export function entriesWanted(delivery: Delivery, want: number, found: Found): readonly Entry[] {
  if (delivery.want !== want) return [];
  delivery.want = undefined;
  if (found.kind !== "entries" || found.from !== delivery.delivered + 1 || delivery.restoring !== undefined) return [];
  return found.entries;
}

/** The owner has taken in all through `index`: credit for more. */
export function takeCredit(delivery: Delivery, index: number): void {
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
