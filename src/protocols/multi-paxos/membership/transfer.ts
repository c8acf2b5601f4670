import type { NodeId } from "../../../base/ids.ts";
import type { LogRequest, Reason } from "../../replicated-log.ts";
import { type Leadership, type PaxosOutbox, type PaxosState, refuse, sendAhead } from "../state.ts";
import { isHeard } from "../view/liveness.ts";

type Ask = Extract<LogRequest, { kind: "transfer" }>;

/** The owner wants another to lead (X1). What is queued waits until that is decided. */
export function handOver(state: PaxosState, ask: Ask, out: PaxosOutbox): void {
  const reason = objection(state, ask);
  if (reason !== undefined) return refuse(state, ask.id, reason, out);
  if (state.leadership !== undefined) state.leadership.handover = { id: ask.id, to: ask.to, told: undefined, ticks: 0 };
}

function objection(state: PaxosState, { to }: Ask): Reason | undefined {
  const { leadership, configuration, config } = state;
  if (leadership === undefined || configuration === undefined) return "not-leader";
  if (leadership.handover !== undefined) return "busy";
  const heirs = configuration.members.filter(({ id }) => id !== config.id && id === (to ?? id));
  if (heirs.length === 0) return "invalid";
  return heirs.some(({ id }) => mayLead(state, id)) ? undefined : "behind";
}

/** Heard of late, and so little behind that it can catch up while nothing new is proposed. */
function mayLead(state: PaxosState, id: NodeId): boolean {
  const aru = state.contacts.get(id)?.aru ?? 0;
  return isHeard(state, id) && state.history.aru - aru <= state.config.alpha;
}

/** Who would take over best: heard, and most up to date. */
export function heirOf(state: PaxosState, to: NodeId | undefined): NodeId | undefined {
  const { configuration, config, contacts } = state;
  const heirs = (configuration?.members ?? []).filter(({ id }) => id !== config.id && id === (to ?? id));
  const able = heirs.filter(({ id }) => mayLead(state, id));
  const best = able.toSorted((one, other) => (contacts.get(other.id)?.aru ?? 0) - (contacts.get(one.id)?.aru ?? 0));
  return best[0]?.id;
}

/**
 * Tells the heir to prepare a view, once everything proposed is ordered; again with each heartbeat.
 *
 * Only progress rests on this word: what binds is the heir's Prepare. From the first one on no lease holds (B5).
 */
export function continueHandover(state: PaxosState, leadership: Leadership, out: PaxosOutbox): void {
  const { handover, lastProposed } = leadership;
  if (handover === undefined || lastProposed > state.history.aru) return;
  if (handover.told !== undefined && !state.due.heartbeat) return;
  const heir = handover.told ?? heirOf(state, handover.to);
  if (heir === undefined) return;
  handover.told = heir;
  leadership.hasAppointed = true;
  sendAhead(state, heir, { kind: "transfer", view: state.lastInstalled }, out);
}

/** One tick: a handover that has taken as long as a leader is waited for is given up. */
export function tickHandover(state: PaxosState, out: PaxosOutbox): void {
  const { leadership, handedOver, config } = state;
  const handover = leadership?.handover;
  if (leadership !== undefined && handover !== undefined && ++handover.ticks >= config.progressTicks) {
    leadership.handover = undefined;
    out.output({ kind: "settled", id: handover.id, outcome: "lost" });
  }
  if (handedOver === undefined || ++handedOver.ticks <= 2 * config.progressTicks) return;
  state.handedOver = undefined;
  out.output({ kind: "settled", id: handedOver.id, outcome: "unknown" });
}

/** We lead no more: whether the one we told does will be seen. */
export function rememberHandover(state: PaxosState, { handover }: Leadership, out: PaxosOutbox): void {
  if (handover === undefined) return;
  const { id, told } = handover;
  if (told === undefined) out.output({ kind: "settled", id, outcome: "lost" });
  else state.handedOver = { id, to: told, ticks: 0 };
}

/** Tells the owner how its handover ended, once a leader is known. */
export function settleHandover(state: PaxosState, out: PaxosOutbox): void {
  const { handedOver, leader } = state;
  if (handedOver === undefined || leader === undefined) return;
  state.handedOver = undefined;
  out.output({ kind: "settled", id: handedOver.id, outcome: leader === handedOver.to ? "applied" : "unknown" });
}
