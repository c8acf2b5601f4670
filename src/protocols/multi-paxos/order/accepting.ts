import type { NodeId } from "../../../base/ids.ts";
import { majority } from "../../quorum/majority.ts";
import { promise } from "../clients/lease.ts";
import { accept, bitCount, slotAt, topOf } from "../log/history.ts";
import { bitOf, leaderOf } from "../membership/configurations.ts";
import type { Of, Update } from "../messages.ts";
import { epochNow, type PaxosOutbox, type PaxosState, persistView, sendAhead, votes } from "../state.ts";
import { noteKnown } from "../view/liveness.ts";

/**
 * Accepts the leader's proposal; the answer waits for the end of the batch, and for the disk (G3).
 *
 * The order of arrival does not matter, and gaps are allowed, within twice the pipeline's window.
 */
export function receiveProposal(state: PaxosState, from: NodeId, message: Of<"proposal">, out: PaxosOutbox): void {
  const { history, configuration } = state;
  const { first, updates } = message;
  const most = history.aru + 2 * (configuration?.alpha ?? 0);
  const last = Math.min(first + updates.length - 1, most);
  if (last >= first) {
    takeUpdates(state, message, last, out);
    persistView(state, out); // if nothing of it was new: an answer promises the view as well
    oweAccept(state, from, message.view, first, last);
  }
  receiveOrdered(state, from, message.view, message.ordered);
}

/** Stores what is not stored in this view yet, in runs; what is ordered here stays as it is. */
function takeUpdates(
  state: PaxosState,
  { view, first, updates }: Of<"proposal">,
  last: number,
  out: PaxosOutbox,
): void {
  const { history } = state;
  if (first > topOf(history) && first > history.aru) {
    return takeRun(
      state,
      view,
      first,
      last - first + 1 === updates.length ? updates : updates.slice(0, last - first + 1),
      out,
    );
  }
  const isNews = (seq: number) => {
    const slot = slotAt(history, seq);
    return seq > history.aru && (slot === undefined || (!slot.isOrdered && slot.view < view));
  };
  for (let seq = first; seq <= last; seq++) {
    if (!isNews(seq)) continue;
    let end = seq;
    while (end < last && isNews(end + 1)) end++;
    takeRun(state, view, seq, updates.slice(seq - first, end + 1 - first), out);
    seq = end;
  }
}

function takeRun(state: PaxosState, view: number, first: number, updates: readonly Update[], out: PaxosOutbox): void {
  const record = out.persist({ kind: "accepted", view, first, updates });
  state.disk.asked = record;
  if (state.promised.view < view) state.promised = { view, record };
  for (let at = 0; at < updates.length; at++) accept(state.history, first + at, view, updates[at] as Update, record);
}

function oweAccept({ due }: PaxosState, to: NodeId, view: number, first: number, last: number): void {
  const newest = due.accepts.at(-1);
  if (newest?.view === view && newest.last + 1 === first) newest.last = last;
  else due.accepts.push({ to, view, first, last });
}

/** Acknowledges what was accepted in this batch and is of the view still installed: leaves once durable (D2). */
export function sendAccepts(state: PaxosState, out: PaxosOutbox): void {
  const { due, lastInstalled, config, configuration } = state;
  if (due.accepts.length === 0) return;
  const isForAll = config.acceptsTo === "all" && votes(state);
  for (const { to, view, first, last } of due.accepts) {
    if (view !== lastInstalled) continue;
    const accept = { kind: "accept", epoch: epochNow(state), aru: state.history.aru, view, first, last } as const;
    if (!isForAll) out.send(to, accept);
    else for (const { id } of configuration?.members ?? []) if (id !== config.id) out.send(id, accept);
  }
  due.accepts = [];
}

/** Another voter tells all what it accepted: noted, until the leader and a quorum have (G7). */
export function noteAccept(state: PaxosState, from: NodeId, { view, first, last }: Of<"accept">): void {
  const { history, configuration } = state;
  const bit = bitOf(configuration, from);
  for (let seq = Math.max(first, history.aru + 1); seq <= Math.min(last, topOf(history)); seq++) {
    const slot = slotAt(history, seq);
    if (slot?.view === view) slot.votes |= bit;
  }
}

/**
 * Who does not lead orders what a quorum has accepted in the installed view, as far as it has no gap (G7).
 *
 * The leader must be among them: it says so to all only in the paper's form, and then reads accordingly (B3).
 */
export function orderAccepted(state: PaxosState): void {
  const { history, configuration, lastInstalled, config, disk, leadership } = state;
  if (leadership !== undefined || configuration === undefined) return;
  const leader = bitOf(configuration, leaderOf(configuration, lastInstalled));
  const own = bitOf(configuration, config.id);
  const quorum = majority(configuration.members.length);
  for (let seq = history.aru + 1; ; seq++) {
    const slot = slotAt(history, seq);
    if (slot?.isOrdered) continue;
    if (slot?.view !== lastInstalled || (slot.votes & leader) === 0) return;
    const votes = slot.record <= disk.durable ? slot.votes | own : slot.votes;
    if (bitCount(votes) < quorum) return;
    slot.isOrdered = true;
  }
}

/**
 * The leader of the installed view says that all through `through` is ordered (G5).
 *
 * That is a proof for what was accepted in this very view. A place with an older view's update, or none, is a gap:
 * what was ordered there may be another.
 */
function receiveOrdered(state: PaxosState, from: NodeId, view: number, through: number): void {
  const { history } = state;
  noteKnown(state, through, from);
  const last = Math.min(through, topOf(history)); // who is far behind hears of far more
  for (let seq = history.aru + 1; seq <= last; seq++) {
    const slot = slotAt(history, seq);
    if (slot?.view === view) slot.isOrdered = true;
  }
}

/** The leader lives, and tells how far the order goes; who is asked says that it still follows, and may promise to. */
export function receiveHeartbeat(state: PaxosState, from: NodeId, message: Of<"heartbeat">, out: PaxosOutbox): void {
  receiveOrdered(state, from, message.view, message.ordered);
  const { view, round } = message;
  if (round === 0) return;
  if (!state.config.leases || !votes(state)) return sendAhead(state, from, { kind: "heartbeatOk", view, round }, out);
  promise(state, view);
  sendAhead(state, from, { kind: "grant", view, round, clock: state.life + state.clock }, out);
}
