import type { Bytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import type { Entry, Hindrance, Settlement } from "../replicated-log.ts";
import { appendEntries, entryBytes, type RaftLog, termAt } from "./log/log.ts";
import type { Accepted, RaftOutbox, RaftState } from "./state.ts";

/** An owner's proposal: appended here if we lead, else handed to the leader at the end of the step. */
export function propose(state: RaftState, id: number, payloads: readonly Bytes[], out: RaftOutbox): void {
  invariant(payloads.length > 0, "a proposal has at least one payload");
  if (state.leadership === undefined) return forwardProposal(state, id, payloads, out);
  const index = state.log.last + 1;
  const reason = proposeHere(state, payloads);
  if (reason !== undefined) out.output({ kind: "refused", id, reason, leader: state.leader });
  else trackAccepted(state, { id, term: state.term, index, count: payloads.length }, out);
}

function forwardProposal(state: RaftState, id: number, payloads: readonly Bytes[], out: RaftOutbox): void {
  const reason = hindrance(state, payloads);
  if (reason !== undefined) out.output({ kind: "refused", id, reason, leader: state.leader });
  else state.forwarding.proposals.push({ id, payloads });
}

/** Why these payloads cannot go on their way from here. */
function hindrance(state: RaftState, payloads: readonly Bytes[]): Hindrance | undefined {
  if (state.resigned !== undefined) return state.resigned;
  if (state.leader === undefined) return "no-leader";
  if (payloads.some((payload) => payload.length > state.config.payloadBytesMax)) return "too-large";
  return state.forwarding.proposed.size >= state.config.waitingCountMax ? "busy" : undefined;
}

/** Appends the payloads to the leader's log, all or none: `undefined`, or why not. */
export function proposeHere(state: RaftState, payloads: readonly Bytes[]): Hindrance | undefined {
  const { leadership, config, delivery } = state;
  if (leadership === undefined || leadership.handover !== undefined) return "no-leader";
  const entries: Entry[] = [];
  let bytes = 0;
  for (const payload of payloads) {
    if (payload.length > config.payloadBytesMax) return "too-large";
    const entry: Entry = { term: state.term, kind: "payload", payload };
    entries.push(entry);
    bytes += entryBytes(entry);
  }
  const isDeliveryFull = delivery.outstandingBytes >= config.deliveryBytesMax;
  const isLogFull = leadership.uncommittedBytes > 0 && leadership.uncommittedBytes + bytes > config.uncommittedBytesMax;
  if (isDeliveryFull || isLogFull) return "busy";
  leadership.uncommittedBytes += bytes;
  appendEntries(state.log, entries);
  return undefined;
}

/** Tells the owner that its proposal stands in the leader's log, and watches for its fate. */
export function trackAccepted(
  state: RaftState,
  at: { id: number; term: number; index: number; count: number },
  out: RaftOutbox,
): void {
  const { id, term, index, count } = at;
  out.output({ kind: "accepted", id, term, index, count });
  const accepted: Accepted = { id, term, first: index, last: index + count - 1 };
  const after = state.accepted.findLastIndex((other) => other.first <= index);
  state.accepted.splice(after + 1, 0, accepted);
}

/** A log with an entry of some term holds all that the term's leader had appended before it: so behind `base`, too. */
function outcomeOf(log: RaftLog, proposal: Accepted): Settlement {
  const isBehind = proposal.last <= log.base.index;
  const term = isBehind ? log.base.term : termAt(log, proposal.last);
  return term === proposal.term ? "applied" : "unknown";
}

/**
 * Tells the fate of proposals that delivery has passed.
 *
 * Certainly lost: another term's entry stands at the place, or a newer term's before it, committed for ever.
 */
export function settle(state: RaftState, out: RaftOutbox): void {
  const { accepted, delivery, log } = state;
  const { delivered } = delivery;
  const newest = termAt(log, delivered) ?? 0;
  let count = 0;
  for (const proposal of accepted) {
    const isOpen = proposal.last > delivered && proposal.term >= newest;
    if (isOpen) break;
    const isPassedBy = proposal.first > delivered;
    const isLost = isPassedBy || (termAt(log, proposal.first) ?? proposal.term) !== proposal.term;
    out.output({ kind: "settled", id: proposal.id, outcome: isLost ? "lost" : outcomeOf(log, proposal) });
    count++;
  }
  if (count > 0) accepted.splice(0, count);
}
