import { noBytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { noteQueued } from "../clients/executed.ts";
import { noteRound } from "../clients/lease.ts";
import { accept, bitCount, slotAt, updateBytes } from "../log/history.ts";
import { successorOf } from "../membership/configurations.ts";
import type { Of, PaxosMessage, Update } from "../messages.ts";
import type { Leadership, PaxosOutbox, PaxosState, Progress } from "../state.ts";
import { sendAhead } from "../state.ts";

/** Proposals on their way to one member, in messages; beyond it they are left to reconciliation. */
const inflightCountMax = 256;

/** Places of the queue whose updates have left it, at the most. */
const queueSpaceMax = 4096;

/** Enqueue_Update: a leader takes in an update that is neither ordered nor on its way (C4). */
export function enqueue(state: PaxosState, leadership: Leadership, update: Update, from: NodeId | undefined): void {
  const bytes = updateBytes(update);
  if (leadership.queueBytes > 0 && leadership.queueBytes + bytes > state.config.queueBytesMax) return; // sent again
  const isNew = update.client === 0 || noteQueued(state.facts.clients, update.client, update.timestamp);
  if (!isNew) return;
  leadership.queue.push(update);
  leadership.senders.push(from);
  leadership.queueBytes += bytes;
}

/** Send_Proposal: all that may be proposed now goes out, in runs of consecutive places (G1, G2). */
export function propose(state: PaxosState, leadership: Leadership, out: PaxosOutbox): void {
  const { history, configuration, facts, config } = state;
  if (configuration === undefined) return;
  leadership.lastProposed = Math.max(leadership.lastProposed, history.aru); // others may have brought it further
  const next = successorOf(facts.configurations, configuration);
  const last = Math.min(history.aru + configuration.alpha, (next?.start ?? Number.POSITIVE_INFINITY) - 1);
  while (leadership.lastProposed < last) {
    const first = leadership.lastProposed + 1;
    const run: Update[] = [];
    let bytes = 0;
    while (first + run.length <= last && bytes < config.runBytesMax) {
      const update = nextUpdate(state, leadership, first + run.length, next !== undefined);
      if (update === undefined) break;
      bytes += updateBytes(update);
      run.push(update);
    }
    if (run.length === 0) return;
    sendRun(state, leadership, first, run, bytes, out);
  }
}

/** What a place takes: what is bound there, a no-op in a gap, or the next in the queue (G1, M4). */
function nextUpdate(state: PaxosState, leadership: Leadership, seq: number, isChanging: boolean): Update | undefined {
  const { plan, planTop, queue } = leadership;
  const slot = slotAt(state.history, seq);
  if (slot?.isOrdered) return slot.update;
  const planned = plan.get(seq);
  if (planned !== undefined) return planned;
  if (seq <= planTop) return noop(state.lastInstalled);
  const update = leadership.handover === undefined ? queue[leadership.queueFrom] : undefined;
  if (update === undefined) return isChanging ? noop(state.lastInstalled) : undefined;
  const from = leadership.senders[leadership.queueFrom];
  leaveQueue(leadership, update);
  if (from !== undefined) {
    const progress = leadership.progress.get(from);
    if (progress !== undefined) progress.awaited = seq;
  }
  if (update.kind === "members" && state.ownChange?.seq === 0) placeChange(state, seq);
  return update.term === state.lastInstalled ? update : { ...update, term: state.lastInstalled };
}

/** The queue's first has a place; the space of those that left is given back many at a time. */
function leaveQueue(leadership: Leadership, update: Update): void {
  leadership.queueFrom++;
  leadership.queueBytes -= updateBytes(update);
  if (leadership.queueFrom < leadership.queue.length && leadership.queueFrom < queueSpaceMax) return;
  leadership.queue.splice(0, leadership.queueFrom);
  leadership.senders.splice(0, leadership.queueFrom);
  leadership.queueFrom = 0;
}

function placeChange(state: PaxosState, seq: number): void {
  if (state.ownChange !== undefined) state.ownChange.seq = seq;
}

function noop(view: number): Update {
  return { term: view, kind: "none", payload: noBytes, client: 0, timestamp: 0 };
}

/** Ahead of our own disk: members store while we do. Our own accept counts once it is durable. */
function sendRun(
  state: PaxosState,
  leadership: Leadership,
  first: number,
  updates: readonly Update[],
  bytes: number,
  out: PaxosOutbox,
): void {
  const { history, lastInstalled: view } = state;
  const last = first + updates.length - 1;
  const ordered = history.aru;
  const message = proposalOf(state, first, updates);
  for (const progress of leadership.progress.values()) {
    if (!hasRoom(state, progress)) continue;
    progress.inflight.push({ last, bytes });
    progress.inflightBytes += bytes;
    progress.toldOrdered = ordered;
    out.sendAhead(progress.id, message);
  }
  const record = out.persist({ kind: "accepted", view, first, updates });
  state.disk.asked = record;
  state.promised.view = Math.max(state.promised.view, view);
  for (let at = 0; at < updates.length; at++) {
    if (slotAt(history, first + at)?.isOrdered) continue;
    accept(history, first + at, view, updates[at] as Update, record);
  }
  leadership.ownRuns.push({ record, first, last });
  leadership.lastProposed = last;
}

/** A member's window is full while it neither accepts nor says that it has the place otherwise. */
function hasRoom(state: PaxosState, progress: Progress): boolean {
  const aru = state.contacts.get(progress.id)?.aru ?? 0;
  freeWindow(progress, aru);
  return progress.inflightBytes < state.config.inflightBytesMax && progress.inflight.length < inflightCountMax;
}

function freeWindow(progress: Progress, last: number): void {
  let count = 0;
  for (const sent of progress.inflight) {
    if (sent.last > last) break;
    progress.inflightBytes -= sent.bytes;
    count++;
  }
  if (count > 0) progress.inflight.splice(0, count);
}

/** A voter has accepted a range; a quorum of them orders it (G4). Learners say so too, and do not count (A3). */
export function receiveAccept(state: PaxosState, progress: Progress, message: Of<"accept">): void {
  const { leadership } = state;
  if (leadership === undefined || message.view !== state.lastInstalled) return;
  progress.ackedAt = state.clock;
  freeWindow(progress, message.last);
  if (progress.bit !== 0) countAccepts(state, leadership, progress.bit, message.first, message.last);
}

/** Our own runs that have become durable count as accepted here, and with all others in the paper's form (G7). */
export function countOwnRuns(state: PaxosState, leadership: Leadership, out: PaxosOutbox): void {
  const { disk, config, lastInstalled: view } = state;
  let count = 0;
  for (const { record, first, last } of leadership.ownRuns) {
    if (record > disk.durable) break;
    count++;
    countAccepts(state, leadership, leadership.ownBit, first, last);
    if (config.acceptsTo === "leader") continue;
    for (const { id, bit } of leadership.progress.values()) {
      if (bit !== 0) sendAhead(state, id, { kind: "accept", view, first, last }, out);
    }
  }
  if (count > 0) leadership.ownRuns.splice(0, count);
}

function countAccepts(state: PaxosState, leadership: Leadership, bit: number, from: number, to: number): void {
  const { history, lastInstalled: view } = state;
  const last = Math.min(to, leadership.lastProposed);
  for (let seq = Math.max(from, history.aru + 1); seq <= last; seq++) {
    const slot = slotAt(history, seq);
    if (slot === undefined || slot.isOrdered || slot.view !== view) continue;
    slot.votes |= bit;
    if (bitCount(slot.votes) >= leadership.quorum) slot.isOrdered = true;
  }
}

/** Through where every member that is heard has everything: what is older is needed by nobody (Q5). */
function stableOf({ leadership, contacts, history, clock, config }: PaxosState): number {
  let stable = history.aru;
  for (const id of leadership?.progress.keys() ?? []) {
    const contact = contacts.get(id);
    if (contact !== undefined && clock - contact.heardAt < config.progressTicks) stable = Math.min(stable, contact.aru);
  }
  return stable;
}

/** Open proposals that a voter has not accepted for a while are sent to it again, oldest first (G8). */
export function tickProposals(state: PaxosState, leadership: Leadership, out: PaxosOutbox): void {
  const { history, clock, config } = state;
  if (leadership.lastProposed <= history.aru) leadership.repeatedAt = clock;
  if (clock - Math.max(leadership.repeatedAt, leadership.movedAt) < config.retransmitTicks) return;
  leadership.repeatedAt = clock;
  for (const progress of leadership.progress.values()) if (progress.bit !== 0) repeatTo(state, progress, out);
}

function repeatTo(state: PaxosState, progress: Progress, out: PaxosOutbox): void {
  const { history, config, leadership } = state;
  if (leadership === undefined) return;
  let bytes = 0;
  let run: Update[] = [];
  let first = 0;
  const flush = () => {
    if (run.length > 0) out.sendAhead(progress.id, proposalOf(state, first, run));
    run = [];
  };
  for (let seq = history.aru + 1; seq <= leadership.lastProposed && bytes < config.runBytesMax; seq++) {
    const slot = slotAt(history, seq);
    if (slot === undefined || slot.isOrdered || (slot.votes & progress.bit) !== 0) {
      flush();
      continue;
    }
    if (run.length === 0) first = seq;
    run.push(slot.update);
    bytes += updateBytes(slot.update);
  }
  flush();
}

function proposalOf(
  state: PaxosState,
  first: number,
  updates: readonly Update[],
): Extract<PaxosMessage, { kind: "proposal" }> {
  const { lastInstalled: view, history, configuration } = state;
  const { aru } = history;
  const epoch = configuration?.epoch ?? 0;
  return { kind: "proposal", epoch, aru, view, first, updates, ordered: aru, stable: stableOf(state) };
}

/** Sends heartbeats that are due to all; else tells at once who waits for the place of its own update (G5). */
export function tellOrdered(state: PaxosState, leadership: Leadership, out: PaxosOutbox): void {
  const { history, due, config } = state;
  if (due.heartbeat) noteRound(state);
  for (const progress of leadership.progress.values()) {
    const isAwaited = config.acceptsTo === "leader" && progress.toldOrdered < Math.min(progress.awaited, history.aru);
    if (due.heartbeat || isAwaited) sendHeartbeat(state, progress, due.heartbeat ? leadership.round : 0, out);
  }
  due.heartbeat = false;
}

/** One tick without a heartbeat: who has not heard what is ordered is told, without asking for an answer. */
export function tickTelling(state: PaxosState, leadership: Leadership, out: PaxosOutbox): void {
  if (state.config.acceptsTo === "all") return; // they count themselves, and hear it with the next heartbeat
  for (const progress of leadership.progress.values()) {
    if (progress.toldOrdered < state.history.aru) sendHeartbeat(state, progress, 0, out);
  }
}

function sendHeartbeat(state: PaxosState, progress: Progress, round: number, out: PaxosOutbox): void {
  const { lastInstalled: view, history } = state;
  progress.toldOrdered = history.aru;
  const ordered = history.aru;
  sendAhead(state, progress.id, { kind: "heartbeat", view, ordered, stable: stableOf(state), round }, out);
}
