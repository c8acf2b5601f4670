import { invariant } from "../../base/invariant.ts";
import { deliverEntries, deliverSnapshot, entriesWanted } from "../delivery-window.ts";
import type { Entry, Found, SnapshotName } from "../replicated-log.ts";
import { neededAfter } from "./leader/progress.ts";
import { configurationAt, entriesFrom, entryBytes, leadingEntries, ownEntries, rebase, termAt } from "./log/log.ts";
import { openWant, type RaftOutbox, type RaftState } from "./state.ts";

/** Hands the owner what is committed and durable here, in order, within its window of credit. */
export function deliver(state: RaftState, out: RaftOutbox): void {
  const { delivery, log, config } = state;
  if (!deliverSnapshot(delivery, state.disk.durable, out)) return;
  const last = Math.min(state.commit, log.durable);
  while (delivery.delivered < last && delivery.outstandingBytes < config.deliveryBytesMax) {
    const entries = entriesFrom(log, delivery.delivered + 1, last, config.appendBytesMax);
    if (entries === undefined) return wantEntries(state, out);
    deliverEntries(delivery, entries, bytesOf(entries), out);
  }
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
  const last = Math.min(state.commit, log.durable);
  const stored = entriesWanted(delivery, want, found).slice(0, last - delivery.delivered);
  const own = ownEntries(log, delivery.delivered + 1, stored);
  const entries = leadingEntries(own, state.config.appendBytesMax);
  if (entries.length > 0) deliverEntries(delivery, entries, bytesOf(entries), out);
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
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
