import { type Client, forgetClients } from "../clients/executed.ts";
import { dropInherited, noteOrdered, settleInstalled } from "../clients/updates.ts";
import { authorOf, execute } from "../log/facts.ts";
import { slotAt } from "../log/history.ts";
import { settleChange } from "../membership/changes.ts";
import { type PaxosOutbox, type PaxosState, startProgress } from "../state.ts";

/** Advance_Aru: executes what is ordered without a gap (G6). True if it went on. */
export function advance(state: PaxosState, out: PaxosOutbox): boolean {
  const { history, facts, life } = state;
  const before = history.aru;
  let client = 0;
  let author: Client | undefined;
  for (let slot = slotAt(history, before + 1); slot?.isOrdered; slot = slotAt(history, history.aru + 1)) {
    const seq = ++history.aru;
    const { update } = slot;
    if (update.client !== client) author = authorOf(facts, update);
    client = update.client;
    const isInForce = execute(facts, seq, update, author);
    if (update.client === life) noteOrdered(state, update.timestamp, update.term, seq, out);
    if (state.ownChange?.seq === seq) settleChange(state, state.ownChange, update, isInForce, out);
  }
  settleInstalled(state);
  dropInherited(state);
  if (history.aru === before) return false;
  if (facts.clients.size > state.config.clientsMax) forgetClients(facts.clients, state.config.clientsMax);
  state.patience = 1;
  if (state.leadership !== undefined) state.leadership.movedAt = state.clock;
  else if (state.role === "follower") startProgress(state);
  return true;
}

/** Stores how far the order goes, together with what is stored anyway, or with a tick: it is only a hint (D4). */
export function hintOrdered(state: PaxosState, out: PaxosOutbox): void {
  const { history, disk } = state;
  if (disk.hinted >= history.aru) return;
  disk.hinted = history.aru;
  disk.asked = out.persist({ kind: "ordered", through: history.aru });
}
