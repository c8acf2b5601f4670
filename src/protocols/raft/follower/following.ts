import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import type { Entry } from "../../replicated-log.ts";
import { hearLeader } from "../election.ts";
import { appendEntries, lastAgreeable, termAt, truncateFrom } from "../log/log.ts";
import { adoptMembership } from "../membership.ts";
import type { RaftMessage } from "../messages.ts";
import { type RaftOutbox, type RaftState, sendUnbound } from "../state.ts";

type Of<Kind extends RaftMessage["kind"]> = Extract<RaftMessage, { kind: Kind }>;

/** Takes entries from the leader if they fit our log (Raft paper §5.3); the answer waits for the end of the batch. */
export function receiveAppend(state: RaftState, from: NodeId, message: Of<"append">, out: RaftOutbox): void {
  hearLeader(state, from);
  const { previous, entries } = message;
  const { log } = state;
  if (previous.index < state.commit) return takeAfterCommit(state, message);
  if (termAt(log, previous.index) !== previous.term) {
    const index = lastAgreeable(log, previous);
    const hint = { index, term: termAt(log, index) ?? 0 };
    const { term } = state;
    sendUnbound(state, from, { kind: "appendConflict", term, rejected: previous.index, hint, ...echo(message) }, out);
    return;
  }
  takeEntries(state, previous.index + 1, entries);
  followCommit(state, message.commit);
  oweReply(state, message);
}

/** An answer is of the session that it answers. */
export function echo({ session }: { readonly session?: number }): { readonly session?: number } {
  return session === undefined ? {} : { session };
}

function oweReply({ due }: RaftState, message: Of<"append">): void {
  due.appendReply = true;
  due.appendSession = message.session;
}

/** What is committed agrees already: only what follows it is compared. */
function takeAfterCommit(state: RaftState, message: Of<"append">): void {
  const skipped = state.commit - message.previous.index;
  if (message.entries.length > skipped) takeEntries(state, state.commit + 1, message.entries.slice(skipped));
  followCommit(state, message.commit);
  oweReply(state, message);
}

/** Appends what we lack; the first entry that differs replaces itself and all after it. */
function takeEntries(state: RaftState, from: number, entries: readonly Entry[]): void {
  const { log } = state;
  let known = 0;
  for (const entry of entries) {
    if (termAt(log, from + known) !== entry.term) break;
    known++;
  }
  if (known < entries.length) {
    const first = from + known;
    invariant(first > state.commit, "a committed entry is never replaced");
    if (first <= log.last) truncateFrom(log, first);
    appendEntries(log, known === 0 ? entries : entries.slice(known));
    adoptMembership(state);
  }
  state.verified = Math.max(state.verified, from + entries.length - 1);
}

/** The leader's commit index, as far as our log is known to equal its own. */
function followCommit(state: RaftState, commit: number): void {
  state.commit = Math.max(state.commit, Math.min(commit, state.verified));
}

/** Answers all appends of this batch at once: durable through what is claimed, when it leaves. */
export function sendAppendReply(state: RaftState, out: RaftOutbox): void {
  if (!state.due.appendReply) return;
  state.due.appendReply = false;
  if (state.leader === undefined || state.role !== "follower") return;
  const match = Math.max(state.verified, state.commit);
  const { appendSession: session } = state.due;
  if (session === undefined) out.send(state.leader, { kind: "appendReply", term: state.term, match });
  else out.send(state.leader, { kind: "appendReply", term: state.term, match, session });
}

/** The leader is alive, and tells how far we may commit: it capped that by what it knows to match here. */
export function receiveHeartbeat(state: RaftState, from: NodeId, message: Of<"heartbeat">, out: RaftOutbox): void {
  hearLeader(state, from);
  const { log } = state;
  if (message.commit <= log.last) {
    state.verified = Math.max(state.verified, message.commit);
    followCommit(state, message.commit);
  }
  if (message.round === 0) return;
  const isInstalling = state.delivery.restoring !== undefined; // the snapshot's place in the log is not durable yet
  const match = isInstalling ? 0 : Math.min(log.durable, state.verified);
  const missing = state.verified < message.sent; // lost on the way, or by a restart before it was answered
  const { term } = state;
  const { round } = message;
  const clock = state.config.leases && message.session !== undefined ? { clock: state.clock } : {};
  sendUnbound(state, from, { kind: "heartbeatReply", term, round, match, missing, ...echo(message), ...clock }, out);
}
