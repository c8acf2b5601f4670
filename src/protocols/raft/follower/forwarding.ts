import type { NodeId } from "../../../base/ids.ts";
import type { Hindrance } from "../../replicated-log.ts";
import { askBarrier } from "../leader/reads.ts";
import type { Proposal, RaftMessage, Verdict } from "../messages.ts";
import { proposeHere, trackAccepted } from "../proposals.ts";
import { type BarrierMode, type RaftOutbox, type RaftState, sendUnbound, speaksOld } from "../state.ts";

/** What a proposal takes on the wire besides its payloads, in bytes, at the most. */
const proposalOverheadBytes = 24;

type Of<Kind extends RaftMessage["kind"]> = Extract<RaftMessage, { kind: Kind }>;

/** A barrier on a member that does not lead: asked of the leader with the others of this step. */
export function forwardBarrier(state: RaftState, id: number, mode: BarrierMode, out: RaftOutbox): void {
  const { barriers, asked } = state.forwarding;
  const waiting = [...asked.values()].reduce((count, ask) => count + ask.ids.length, barriers.length);
  if (state.leader === undefined) out.output({ kind: "refused", id, reason: "no-leader", leader: undefined });
  else if (waiting >= state.config.waitingCountMax)
    out.output({ kind: "refused", id, reason: "busy", leader: state.leader });
  else barriers.push({ id, mode });
}

/** Sends what this step's requests asked of the leader: one message for proposals, one for barriers. */
export function sendForwards(state: RaftState, out: RaftOutbox): void {
  const { forwarding, leader } = state;
  if (leader === undefined) return;
  for (const { id } of forwarding.proposals) forwarding.proposed.set(id, 0);
  while (forwarding.proposals.length > 0) {
    const proposals = forwarding.proposals.splice(0, countWithin(forwarding.proposals, state.config.appendBytesMax));
    const { life } = forwarding;
    const number = ++forwarding.sent;
    sendUnbound(state, leader, { kind: "forward", term: state.term, life, number, proposals }, out);
  }
  if (forwarding.barriers.length > 0) {
    const ask = ++forwarding.asks;
    forwarding.asked.set(ask, { ids: forwarding.barriers.map(({ id }) => id), ticks: 0 });
    const message = { kind: "barrier", term: state.term, life: forwarding.life, ask } as const;
    const isLeaseEnough = forwarding.barriers.every(({ mode }) => mode === "lease") && !speaksOld(state, leader);
    sendUnbound(state, leader, isLeaseEnough ? { ...message, isLeaseEnough } : message, out);
    forwarding.barriers = [];
  }
}

/** How many proposals fit in a message of about `bytesMax`; at least one. */
function countWithin(proposals: readonly Proposal[], bytesMax: number): number {
  let bytes = 0;
  for (const [at, { payloads }] of proposals.entries()) {
    for (const payload of payloads) bytes += payload.length + proposalOverheadBytes;
    if (bytes > bytesMax) return Math.max(1, at);
  }
  return proposals.length;
}

/** Appends a follower's proposals; each gets its own verdict. A repeat of what was taken in gets none. */
export function receiveForward(state: RaftState, from: NodeId, message: Of<"forward">): void {
  const progress = state.leadership?.peers.get(from);
  if (progress === undefined) return refuseForward(state, from, message);
  const { life, number } = message;
  if (progress.forwards.life === life && progress.forwards.number >= number) return;
  progress.forwards = { life, number };
  state.due.verdicts.push({ to: from, life, verdicts: message.proposals.map((proposal) => judge(state, proposal)) });
  progress.awaited = state.log.last;
}

function judge(state: RaftState, proposal: Proposal): Verdict {
  const index = state.log.last + 1;
  const reason = proposeHere(state, proposal.payloads);
  if (reason !== undefined) return { kind: "refused", id: proposal.id, reason };
  return { kind: "accepted", id: proposal.id, index, count: proposal.payloads.length };
}

/**
 * Answers a forward that reached the wrong member, or an older term.
 *
 * Only who cannot have led in that term knows that it appended no earlier copy of the message.
 */
export function refuseForward(state: RaftState, from: NodeId, message: Of<"forward">): void {
  const mayHaveLed = message.term < state.term || state.votedFor === state.config.id;
  const verdicts = message.proposals.map(
    ({ id }): Verdict => (mayHaveLed ? { kind: "unknown", id } : { kind: "refused", id, reason: "no-leader" }),
  );
  state.due.verdicts.push({ to: from, life: message.life, verdicts });
}

/** Sends the verdicts of this step, each to who forwarded. */
export function sendVerdicts(state: RaftState, out: RaftOutbox): void {
  for (const { to, life, verdicts } of state.due.verdicts.splice(0)) {
    sendUnbound(state, to, { kind: "forwardReply", term: state.term, life, verdicts }, out);
  }
}

/** Takes the leader's verdicts on what we forwarded; those given up before are ignored. */
export function receiveForwardReply(state: RaftState, message: Of<"forwardReply">, out: RaftOutbox): void {
  if (message.life !== state.forwarding.life) return;
  for (const verdict of message.verdicts) {
    if (!state.forwarding.proposed.delete(verdict.id)) continue;
    const { id } = verdict;
    if (verdict.kind === "refused") out.output({ kind: "refused", id, reason: verdict.reason, leader: state.leader });
    else if (verdict.kind === "unknown") out.output({ kind: "settled", id, outcome: "unknown" });
    else trackAccepted(state, { id, term: message.term, index: verdict.index, count: verdict.count }, out);
  }
}

/** A follower's reads join our own; who does not lead refuses them. */
export function receiveBarrier(state: RaftState, from: NodeId, message: Of<"barrier">, out: RaftOutbox): void {
  const ask = { origin: { peer: from, life: message.life }, id: message.ask };
  askBarrier(state, ask, message.isLeaseEnough ? "lease" : "quorum", out);
}

/** Takes the leader's answer to our reads; those given up before are ignored. */
export function receiveBarrierReply(state: RaftState, message: Of<"barrierReply">, out: RaftOutbox): void {
  const asked = state.forwarding.asked.get(message.ask);
  if (asked === undefined || message.life !== state.forwarding.life) return;
  state.forwarding.asked.delete(message.ask);
  if (message.index > 0) out.output({ kind: "readable", ids: asked.ids, index: message.index });
  else refuseIds(state, asked.ids, "no-leader", out);
}

/** The leader is lost or another: reads are refused, and the fate of forwarded proposals cannot be learnt. */
export function abandonForwarding(state: RaftState, out: RaftOutbox): void {
  const { forwarding } = state;
  const unasked = forwarding.barriers.splice(0).map(({ id }) => id);
  refuseIds(state, unasked, "no-leader", out);
  const unsent = forwarding.proposals.splice(0).map((proposal) => proposal.id);
  refuseIds(state, unsent, "no-leader", out);
  for (const { ids } of forwarding.asked.values()) refuseIds(state, ids, "no-leader", out);
  forwarding.asked.clear();
  for (const id of forwarding.proposed.keys()) out.output({ kind: "settled", id, outcome: "unknown" });
  forwarding.proposed.clear();
}

/** One tick: what has waited for twice an election timeout was lost on the way. */
export function tickForwarding(state: RaftState, out: RaftOutbox): void {
  const { proposed, asked } = state.forwarding;
  const ticksMax = 2 * state.config.electionTicks;
  for (const [id, ticks] of proposed) {
    if (ticks < ticksMax) {
      proposed.set(id, ticks + 1);
      continue;
    }
    proposed.delete(id);
    out.output({ kind: "settled", id, outcome: "unknown" });
  }
  for (const [number, ask] of asked) {
    if (++ask.ticks <= ticksMax) continue;
    asked.delete(number);
    refuseIds(state, ask.ids, "no-leader", out);
  }
}

function refuseIds(state: RaftState, ids: readonly number[], reason: Hindrance, out: RaftOutbox): void {
  for (const id of ids) out.output({ kind: "refused", id, reason, leader: state.leader });
}
