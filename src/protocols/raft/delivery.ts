import { invariant } from "../../base/invariant.ts";
import type { Entry, Found, SnapshotName } from "../replicated-log.ts";
import { neededAfter } from "./leader/progress.ts";
import { configurationAt, entriesFrom, entryBytes, leadingEntries, ownEntries, rebase, termAt } from "./log/log.ts";
import { openWant, type RaftOutbox, type RaftState } from "./state.ts";

/** Hands the owner what is committed and durable here, in order, within its window of credit. */
export function deliver(state: RaftState, out: RaftOutbox): void {
  const { delivery, log, config } = state;
  if (!deliverSnapshot(state, out)) return;
  const last = Math.min(state.commit, log.durable);
  while (delivery.delivered < last && delivery.outstandingBytes < config.deliveryBytesMax) {
    const entries = entriesFrom(log, delivery.delivered + 1, last, config.appendBytesMax);
    if (entries === undefined) return wantEntries(state, out);
    deliverEntries(state, entries, out);
  }
}

/** False while an installed snapshot is not durable yet: nothing may pass it. */
function deliverSnapshot(state: RaftState, out: RaftOutbox): boolean {
  const { delivery } = state;
  if (delivery.restoring === undefined) return true;
  const { snapshot, record } = delivery.restoring;
  if (state.disk.durable < record) return false;
  delivery.restoring = undefined;
  delivery.delivered = snapshot.index;
  delivery.want = undefined;
  delivery.outstanding.push({ last: snapshot.index, bytes: 0 });
  out.output({ kind: "restore", snapshot });
  return true;
}

function deliverEntries(state: RaftState, entries: readonly Entry[], out: RaftOutbox): void {
  const { delivery } = state;
  const from = delivery.delivered + 1;
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  delivery.delivered += entries.length;
  delivery.outstanding.push({ last: delivery.delivered, bytes });
  delivery.outstandingBytes += bytes;
  out.output({ kind: "committed", from, entries });
}

/** Entries that are not in memory any more come from storage: a slow owner costs no memory. */
function wantEntries(state: RaftState, out: RaftOutbox): void {
  const { delivery } = state;
  if (delivery.want !== undefined) return;
  const what = { kind: "entries", from: delivery.delivered + 1, bytesMax: state.config.appendBytesMax } as const;
  delivery.want = openWant(state, undefined, what, out);
}

/** Storage answered a question asked for delivery. */
export function takeDeliverySupply(state: RaftState, want: number, found: Found, out: RaftOutbox): void {
  const { delivery, log } = state;
  if (delivery.want !== want) return;
  delivery.want = undefined;
  if (found.kind !== "entries" || found.from !== delivery.delivered + 1 || delivery.restoring !== undefined) return;
  const last = Math.min(state.commit, log.durable);
  const own = ownEntries(log, found.from, found.entries.slice(0, last - delivery.delivered));
  const entries = leadingEntries(own, state.config.appendBytesMax);
  if (entries.length > 0) deliverEntries(state, entries, out);
}

/** The owner has taken in all through `index`: credit for more. */
export function takeCredit(state: RaftState, index: number): void {
  const { delivery } = state;
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

/**
 * The owner's snapshot is durable: the log may start later (Raft paper §7).
 *
 * Entries stay that a member a little behind needs, and those after a snapshot that is on its way to one, until that
 * one has caught up: or it would arrive only to find them gone, again and again while more is written.
 */
export function compact(state: RaftState, snapshot: SnapshotName, out: RaftOutbox): void {
  const { log, config } = state;
  if (snapshot.index <= (state.snapshot?.index ?? 0)) return;
  invariant(snapshot.index <= state.delivery.applied, "a snapshot holds only what was applied");
  state.snapshot = snapshot;
  let through = Math.max(log.base.index, Math.min(snapshot.index, log.last - config.retainCount));
  for (const peer of state.leadership?.peers.values() ?? []) {
    const isLive = peer.silentTicks < config.electionTicks;
    if (isLive) through = Math.min(through, neededAfter(peer, log.last));
  }
  const base = { index: Math.max(log.base.index, through), term: termAt(log, through) ?? log.base.term };
  const { membership } = configurationAt(log, base.index);
  if (base.index > log.base.index) rebase(log, base, membership);
  state.disk.asked = out.persist({ kind: "base", base: log.base, snapshot, membership });
}
