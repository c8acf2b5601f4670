import type { Bytes } from "../../../base/bytes.ts";
import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { nextBelow } from "../../../base/random.ts";
import type { Hindrance } from "../../replicated-log.ts";
import { leadingUpdates, updateBytes } from "../log/history.ts";
import type { Of, Update } from "../messages.ts";
import { enqueue } from "../order/proposing.ts";
import { type PaxosOutbox, type PaxosState, refuse, send, sendAhead } from "../state.ts";
import { isHeard } from "../view/liveness.ts";
import { isExecuted } from "./executed.ts";
import { addPending, allPending, type Bundle, nextTimestamp, takePending, type Waiting } from "./pending.ts";

/** From this try on, every other goes through some other member: the way to the leader may be cut. */
const detourTry = 3;

/** An owner's proposal: its payloads stay pending, and are sent again, until they are ordered (C2). */
export function takeProposal(state: PaxosState, id: number, payloads: readonly Bytes[], out: PaxosOutbox): void {
  invariant(payloads.length > 0, "a proposal has at least one payload");
  const reason = hindrance(state, payloads);
  if (reason !== undefined) return refuse(state, id, reason, out);
  const { leadership, clock, pending, due, life: client, lastInstalled: term } = state;
  const bundle = payloads.length === 1 ? undefined : newBundle(payloads.length);
  for (const payload of payloads) {
    const update: Update = { term, kind: "payload", payload, client, timestamp: nextTimestamp(pending) };
    addPending(pending, { id, update, bundle, sentAt: clock, tries: 1 });
    if (leadership === undefined) due.updates.push(update);
    else enqueue(state, leadership, update, undefined);
  }
  due.pending = state.config.syncPending;
}

/** All that waits here to be ordered, oldest first. */
function allWaiting({ inherited, pending }: PaxosState): readonly Waiting[] {
  return inherited.length === 0 ? allPending(pending) : [...inherited, ...allPending(pending)];
}

/** Stores what this step's updates made of Pending_Updates, before any of them is handed on (D5). */
export function storePending(state: PaxosState, out: PaxosOutbox): void {
  const { due, disk } = state;
  if (!due.pending) return;
  due.pending = false;
  const updates = allWaiting(state).map(({ update }) => update);
  disk.asked = out.persist({ kind: "pending", updates });
  disk.pendingCount = updates.length;
}

/** Nothing waits any more: what is stored says so before its clients are forgotten, and it were taken for news. */
export function clearPending(state: PaxosState): void {
  if (state.disk.pendingCount > 0 && allWaiting(state).length === 0) state.due.pending = true;
}

/** Updates of runs before are ordered: that is all that was owed to them. */
export function dropInherited(state: PaxosState): void {
  const { inherited, facts } = state;
  if (inherited.length === 0) return;
  const isOrdered = ({ client, timestamp }: Update) => isExecuted(facts.clients, client, timestamp);
  state.inherited = inherited.filter(({ update }) => !isOrdered(update));
}

/** Why these payloads cannot go on their way from here. */
function hindrance(state: PaxosState, payloads: readonly Bytes[]): Hindrance | undefined {
  const { config, delivery, leadership, pending } = state;
  if (state.resigned !== undefined) return state.resigned;
  if (state.leader === undefined || leadership?.handover !== undefined) return "no-leader";
  for (const payload of payloads) if (payload.length > config.payloadBytesMax) return "too-large";
  const bytesMax = config.syncPending ? Math.min(config.queueBytesMax, config.runBytesMax) : config.queueBytesMax;
  const inheritedBytes = state.inherited.reduce((sum, { update }) => sum + updateBytes(update), 0);
  const isFull = pending.bytes + inheritedBytes >= bytesMax || delivery.outstandingBytes >= config.deliveryBytesMax;
  return isFull || pending.count >= config.waitingCountMax ? "busy" : undefined;
}

/** Sends this step's updates to the leader. */
export function sendUpdates(state: PaxosState, out: PaxosOutbox): void {
  const { due, leader } = state;
  if (due.updates.length === 0) return;
  const updates = due.updates;
  due.updates = [];
  if (leader !== undefined) sendBatches(state, leader, updates, 1, out);
}

/** What must survive a crash leaves once it is stored (D5). */
function sendBatches(state: PaxosState, to: NodeId, updates: readonly Update[], hops: number, out: PaxosOutbox): void {
  const leave = state.config.syncPending ? send : sendAhead;
  for (let rest = updates; rest.length > 0; ) {
    const batch = leadingUpdates(rest, state.config.runBytesMax);
    leave(state, to, { kind: "clientUpdate", updates: batch, hops }, out);
    rest = rest.slice(batch.length);
  }
}

/** Another member's updates: queued if we lead, else passed on while they may be. */
export function receiveClientUpdate(
  state: PaxosState,
  from: NodeId,
  { updates, hops }: Of<"clientUpdate">,
  out: PaxosOutbox,
): void {
  const { leadership, leader, config } = state;
  if (leadership !== undefined) {
    for (const update of updates) {
      const isSound =
        update.kind === "payload" && update.client !== 0 && update.payload.length <= config.payloadBytesMax;
      if (isSound) enqueue(state, leadership, update, from);
    }
  } else if (hops > 0 && leader !== undefined && leader !== from) sendBatches(state, leader, updates, hops - 1, out);
}

/** A leader is known: all that is pending goes to it at once, or into our own queue (V5, P7). */
export function resendAll(state: PaxosState, out: PaxosOutbox): void {
  const { leadership, leader, config } = state;
  if (leader === undefined) return;
  state.due.updates = [];
  const updates: Update[] = [];
  for (const each of allWaiting(state)) {
    again(state, each);
    if (leadership !== undefined) enqueue(state, leadership, each.update, undefined);
    else updates.push(each.update);
  }
  if (leader !== config.id) sendBatches(state, leader, updates, 1, out);
}

function again({ clock }: PaxosState, waiting: Waiting): void {
  waiting.sentAt = clock;
  waiting.tries++;
}

/** One tick of the Update_Timer: what has waited too long is sent again (C3). */
export function tickUpdates(state: PaxosState, out: PaxosOutbox): void {
  const { clock, config, leadership, leader } = state;
  const direct: Update[] = [];
  const detour: Update[] = [];
  for (const each of allWaiting(state)) {
    if (clock - each.sentAt < config.updateTicks) continue;
    again(state, each);
    if (leadership !== undefined) enqueue(state, leadership, each.update, undefined);
    else if (each.tries >= detourTry && each.tries % 2 === 1) detour.push(each.update);
    else direct.push(each.update);
  }
  if (direct.length > 0 && leader !== undefined) sendBatches(state, leader, direct, 1, out);
  const others = [...state.contacts.keys()].filter((id) => id !== leader && isHeard(state, id));
  const other = others[nextBelow(state.random, Math.max(1, others.length))];
  if (detour.length > 0 && other !== undefined) sendBatches(state, other, detour, 1, out);
}

/** An own update stands at `seq`; its fate is told once delivery has passed that place. */
export function noteOrdered(state: PaxosState, timestamp: number, term: number, seq: number, out: PaxosOutbox): void {
  const pending = takePending(state.pending, timestamp);
  if (pending === undefined) return;
  const { id, bundle } = pending;
  if (bundle === undefined) out.output({ kind: "accepted", id, term, index: seq, count: 1 });
  else {
    place(bundle, seq, term);
    const { placed, count, isTogether, first } = bundle;
    if (placed < count) return;
    if (isTogether) out.output({ kind: "accepted", id, term, index: first, count });
  }
  state.settling.push({ id, seq });
}

function newBundle(count: number): Bundle {
  return { count, placed: 0, first: 0, last: 0, term: 0, isTogether: true };
}

function place(bundle: Bundle, seq: number, term: number): void {
  if (bundle.placed === 0) {
    bundle.first = seq;
    bundle.term = term;
  } else if (seq !== bundle.last + 1 || term !== bundle.term) bundle.isTogether = false;
  bundle.placed++;
  bundle.last = Math.max(bundle.last, seq);
}

/** Own updates that an installed snapshot holds will not be seen: they are ordered, and done (C6). */
export function settleInstalled(state: PaxosState): void {
  const { facts, pending, life, history } = state;
  if (!state.settlesInstalled || history.aru < facts.through) return; // they may still be seen on the way there
  state.settlesInstalled = false;
  for (const { id, bundle, update } of allPending(pending)) {
    if (!isExecuted(facts.clients, life, update.timestamp)) continue;
    takePending(pending, update.timestamp);
    if (bundle !== undefined) {
      place(bundle, history.aru, bundle.term);
      bundle.isTogether = false;
    }
    if (bundle === undefined || bundle.placed === bundle.count) state.settling.push({ id, seq: history.aru });
  }
}

/** Tells the fate of own proposals that delivery has passed. */
export function settle(state: PaxosState, out: PaxosOutbox): void {
  const { settling, delivery } = state;
  let count = 0;
  for (const { id, seq } of settling) {
    if (seq > delivery.delivered) break;
    out.output({ kind: "settled", id, outcome: "applied" });
    count++;
  }
  if (count > 0) settling.splice(0, count);
}

/** This member takes part no more: what became of its updates cannot be learnt here. */
export function abandonUpdates(state: PaxosState, out: PaxosOutbox): void {
  const { pending } = state;
  state.inherited = [];
  const left = allPending(pending);
  for (const id of new Set(left.map(({ id }) => id))) {
    out.output({ kind: "settled", id, outcome: "unknown" });
  }
  for (const { update } of left) takePending(pending, update.timestamp);
}
