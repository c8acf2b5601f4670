import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { nextBelow } from "../../../base/random.ts";
import { absorb } from "../log/facts.ts";
import { leadingUpdates, learn, slotAt, topOf, updatesFrom } from "../log/history.ts";
import { firstBase } from "../log/recovery.ts";
import type { Configuration, Of, Update } from "../messages.ts";
import { openWant, type PaxosOutbox, type PaxosState, send, sendAhead } from "../state.ts";
import { isHeard, noteKnown } from "../view/liveness.ts";
import { offerSnapshot } from "./offers.ts";

/** Questions of other members to our storage at the most; further ones are asked again by who asked. */
const servedMax = 64;

/** Asks a member for what is ordered after our aru, unless an answer is waited for (Q1). */
export function reconcile(state: PaxosState, peer: NodeId, out: PaxosOutbox): void {
  const { reconciling, clock, config, configuration, history } = state;
  if (reconciling !== undefined && clock < reconciling.until) return;
  state.reconciling = { peer, until: clock + config.reconcileTicks };
  sendAhead(state, peer, { kind: "reconcile", first: configuration === undefined ? 0 : history.aru + 1 }, out);
}

/** One tick: who stays behind what others have asks one of them, and another if that one does not answer. */
export function tickReconciling(state: PaxosState, out: PaxosOutbox): void {
  const { history, known, clock, config } = state;
  if (known.seq <= history.aru) {
    state.behindSince = undefined;
    return;
  }
  state.behindSince ??= clock;
  if (clock - state.behindSince < config.reconcileTicks) return;
  const peer = pickPeer(state);
  if (peer !== undefined) reconcile(state, peer, out);
}

/** Any who is heard and has more; the leader last, to spare it. */
export function pickPeer(state: PaxosState): NodeId | undefined {
  const { contacts, history, leader, random, reconciling } = state;
  const able = [...contacts].filter(([id, { aru }]) => aru > history.aru && isHeard(state, id)).map(([id]) => id);
  const others = able.filter((id) => id !== leader && id !== reconciling?.peer);
  const found = others.length > 0 ? others : able;
  return found[nextBelow(random, Math.max(1, found.length))];
}

/** Somebody lacks what is ordered from `first` on: from memory, from storage, or by a snapshot (Q2). */
export function answerReconcile(state: PaxosState, from: NodeId, { first }: Of<"reconcile">, out: PaxosOutbox): void {
  const { history, config, wants } = state;
  const start = Math.max(1, first);
  const founding = first === 0 ? state.facts.configurations.find(({ epoch }) => epoch === 0) : undefined;
  if (start <= history.floor || (first === 0 && founding === undefined)) return offerSnapshot(state, from, out);
  if (start > history.aru && founding === undefined) return;
  const updates = updatesFrom(history, start, history.aru, config.runBytesMax);
  if (updates !== undefined) return sendData(state, from, start, updates, founding, out);
  for (const { peer, what } of wants.values()) if (peer === from && what.kind === "entries") return;
  if (wants.size < servedMax) {
    openWant(state, from, { kind: "entries", from: start, bytesMax: config.runBytesMax }, out);
  }
}

/** Storage found what another member asked for. */
export function serveUpdates(
  state: PaxosState,
  to: NodeId,
  first: number,
  stored: readonly Update[],
  out: PaxosOutbox,
): void {
  const updates = leadingUpdates(stored.slice(0, Math.max(0, state.history.aru + 1 - first)), state.config.runBytesMax);
  const founding = first === 1 ? state.facts.configurations.find(({ epoch }) => epoch === 0) : undefined;
  if (updates.length > 0) sendData(state, to, first, updates, founding, out);
}

function sendData(
  state: PaxosState,
  to: NodeId,
  first: number,
  updates: readonly Update[],
  founding: Configuration | undefined,
  out: PaxosOutbox,
): void {
  sendAhead(state, to, { kind: "reconcileData", first, updates, ...(founding && { founding }) }, out);
}

/** Takes in what a member knows to be ordered, and asks it on once that is stored (Q3). */
export function receiveData(state: PaxosState, from: NodeId, message: Of<"reconcileData">, out: PaxosOutbox): void {
  const { configuration, history, config } = state;
  const { first, updates, founding } = message;
  if (configuration === undefined) {
    if (founding === undefined || history.aru > 0) return;
    const base = { ...firstBase(founding.members, founding.alpha), configurations: [founding] };
    absorb(state.facts, base);
    state.disk.asked = out.persist({
      kind: "base",
      base,
      snapshot: undefined,
      isOwn: false,
      promised: state.promised.view,
    });
  }
  learnRun(state, first, updates, out);
  const last = first + updates.length - 1;
  noteKnown(state, last, from);
  if (state.reconciling?.peer !== from) return;
  state.reconciling = undefined;
  if (message.aru <= last || last <= history.aru) return;
  state.reconciling = { peer: from, until: state.clock + config.reconcileTicks };
  send(state, from, { kind: "reconcile", first: last + 1 }, out); // leaves once what came is stored: that is the pace
}

/**
 * Takes in ordered updates; those known to be ordered already are passed over.
 *
 * So are those that stand further ahead than a leader proposes: nothing is stored for the places between.
 */
export function learnRun(state: PaxosState, first: number, updates: readonly Update[], out: PaxosOutbox): void {
  const { history, configuration, config } = state;
  if (first > topOf(history) + 2 * (configuration ?? config).alpha) return;
  const isNews = (seq: number) => seq > history.aru && slotAt(history, seq)?.isOrdered !== true;
  const last = first + updates.length - 1;
  for (let seq = Math.max(first, history.aru + 1); seq <= last; seq++) {
    if (!isNews(seq)) continue;
    let end = seq;
    while (end < last && isNews(end + 1)) end++;
    const run = updates.slice(seq - first, end + 1 - first);
    const record = out.persist({ kind: "learned", first: seq, updates: run });
    state.disk.asked = record;
    for (const [at, update] of run.entries()) learn(history, seq + at, update, record);
    seq = end;
  }
  invariant(history.floor <= history.aru, "a log starts only after what is ordered");
}
