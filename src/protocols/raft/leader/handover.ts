import type { LogRequest, Reason } from "../../replicated-log.ts";
import { newestConfiguration } from "../log/log.ts";
import { type RaftOutbox, type RaftState, sendUnbound, speaksOld } from "../state.ts";
import type { Progress } from "./progress.ts";

type Ask = Extract<LogRequest, { kind: "transfer" }>;

/** The owner wants another to lead (dissertation §3.10). Proposals are refused until that is decided. */
export function handOver(state: RaftState, ask: Ask, out: RaftOutbox): void {
  const reason = objection(state, ask);
  if (reason !== undefined) return out.output({ kind: "refused", id: ask.id, reason, leader: state.leader });
  if (state.leadership === undefined) return;
  state.leadership.handover = { id: ask.id, to: ask.to, told: undefined, ticks: 0 };
}

function objection(state: RaftState, { to }: Ask): Reason | undefined {
  const { leadership, config } = state;
  if (leadership === undefined) return "not-leader";
  if (config.speaks < 2 || (to !== undefined && speaksOld(state, to))) return "unsupported";
  if (leadership.handover !== undefined) return "busy";
  const heirs = [...leadership.peers.values()].filter((peer) => peer.isVoter && peer.id === (to ?? peer.id));
  if (heirs.length === 0) return "invalid";
  return heirs.some((peer) => mayLead(state, peer)) ? undefined : "behind";
}

/** Heard of late, and not so far behind that it needs a snapshot first. */
function mayLead(state: RaftState, peer: Progress): boolean {
  const isHeard = peer.silentTicks < state.config.electionTicks;
  return peer.isVoter && isHeard && peer.mode !== "snapshot" && !speaksOld(state, peer.id);
}

/**
 * Tells the heir to stand for election, once its log has all of ours: nobody else could win then, or lose an entry.
 *
 * Told again with each heartbeat, should the word have got lost. From the first time on our lease is worth nothing.
 */
export function continueHandover(state: RaftState, out: RaftOutbox): void {
  const { leadership, log } = state;
  const handover = leadership?.handover;
  if (leadership === undefined || handover === undefined) return;
  if (handover.told !== undefined && !state.due.heartbeat) return;
  const named = handover.told ?? handover.to;
  for (const peer of leadership.peers.values()) {
    if (peer.match < log.last || !mayLead(state, peer) || peer.id !== (named ?? peer.id)) continue;
    handover.told = peer.id;
    leadership.hasHandedOver = true;
    return sendUnbound(state, peer.id, { kind: "timeoutNow", term: state.term }, out);
  }
}

/** A leader that is no voter any more, by what is committed, looks for one to lead in its place (Raft paper §6). */
export function retire(state: RaftState): void {
  const { leadership, log, commit, membership } = state;
  if (leadership === undefined || leadership.isVoter || membership.outgoing.length > 0) return;
  if (leadership.handover !== undefined || newestConfiguration(log).index > commit) return;
  leadership.handover = { id: undefined, to: undefined, told: undefined, ticks: 0 };
}

/** One tick: true when a handover has taken an election timeout, and is given up. */
export function isHandoverOver(state: RaftState, out: RaftOutbox): boolean {
  const handover = state.leadership?.handover;
  if (state.leadership === undefined || handover === undefined) return false;
  if (++handover.ticks < state.config.electionTicks) return false;
  state.leadership.handover = undefined;
  if (handover.id !== undefined) out.output({ kind: "settled", id: handover.id, outcome: "lost" });
  return true;
}

/** We lead no more: whether the one we told to stand does will be seen. */
export function rememberHandover(state: RaftState, out: RaftOutbox): void {
  const handover = state.leadership?.handover;
  if (handover?.id === undefined) return;
  const { id, told } = handover;
  if (told === undefined) out.output({ kind: "settled", id, outcome: "lost" });
  else state.handedOver = { id, to: told, ticks: 0 };
}

/** Tells the owner how its handover ended, once a leader is known. */
export function settleHandover(state: RaftState, out: RaftOutbox): void {
  const { handedOver, leader } = state;
  if (handedOver === undefined || leader === undefined) return;
  state.handedOver = undefined;
  out.output({ kind: "settled", id: handedOver.id, outcome: leader === handedOver.to ? "applied" : "unknown" });
}

/** One tick: who leads after our handover may not be learnt. */
export function tickHandedOver(state: RaftState, out: RaftOutbox): void {
  const { handedOver, config } = state;
  if (handedOver === undefined || ++handedOver.ticks <= 2 * config.electionTicks) return;
  state.handedOver = undefined;
  out.output({ kind: "settled", id: handedOver.id, outcome: "unknown" });
}
