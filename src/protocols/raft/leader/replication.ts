import type { NodeId } from "../../../base/ids.ts";
import type { Entry, Found } from "../../replicated-log.ts";
import {
  bytesBetween,
  entriesFrom,
  entryBytes,
  lastAgreeable,
  leadingEntries,
  ownEntries,
  termAt,
} from "../log/log.ts";
import type { RaftMessage } from "../messages.ts";
import { openWant, type RaftOutbox, type RaftState, sendUnbound, speaksOld } from "../state.ts";
import { agreed } from "./agreement.ts";
import { countPromise, noteRound } from "./lease.ts";
import { advance, type Progress, startProbe } from "./progress.ts";
import { continueTransfer, endTransfer, startTransfer, takeChunk } from "./transfer.ts";

type Of<Kind extends RaftMessage["kind"]> = Extract<RaftMessage, { kind: Kind }>;

/** Commits what a majority has stored, if it is of our own term (Raft paper §5.3, §5.4.2, figure 8). */
export function advanceCommit(state: RaftState): void {
  const { leadership, log } = state;
  if (leadership === undefined) return;
  const index = agreed(state, log.durable, storedBy);
  if (index <= state.commit || termAt(log, index) !== state.term) return;
  leadership.uncommittedBytes -= bytesBetween(log, Math.max(state.commit + 1, leadership.countedFrom), index);
  state.commit = index;
}

function storedBy(progress: Progress): number {
  return progress.match;
}

/** Sends each follower what it lacks, as far as its window allows; with `heartbeat` due, that too. */
export function replicate(state: RaftState, out: RaftOutbox): void {
  if (state.due.heartbeat) noteRound(state);
  for (const progress of state.leadership?.peers.values() ?? []) {
    sendAppends(state, progress, out);
    const isAwaited = progress.toldCommit < Math.min(progress.awaited, state.commit);
    if (state.due.heartbeat) sendHeartbeat(state, progress, state.leadership?.round ?? 0, out);
    if (state.due.heartbeat) sayFarewell(state, progress, out);
    else if (isAwaited) tellCommit(state, progress, out);
  }
  state.due.heartbeat = false;
}

/** Tells followers of commits that no append has told them, without asking for an answer. */
export function tellCommits(state: RaftState, out: RaftOutbox): void {
  for (const progress of state.leadership?.peers.values() ?? []) tellCommit(state, progress, out);
}

function tellCommit(state: RaftState, progress: Progress, out: RaftOutbox): void {
  if (progress.toldCommit < Math.min(state.commit, progress.match)) sendHeartbeat(state, progress, 0, out);
}

/** The commit told is capped by what is known to match: a follower may take it as it is. */
function sendHeartbeat(state: RaftState, progress: Progress, round: number, out: RaftOutbox): void {
  const commit = Math.min(state.commit, progress.match);
  const sent = progress.mode === "stream" ? progress.next - 1 : (progress.probed ?? 0);
  progress.toldCommit = Math.max(progress.toldCommit, commit);
  const { session } = progress;
  if (speaksOld(state, progress.id)) {
    out.sendAhead(progress.id, { kind: "heartbeat", term: state.term, commit, round, sent });
  } else out.sendAhead(progress.id, { kind: "heartbeat", term: state.term, commit, round, sent, session });
}

/** Who was removed is told so from when that is committed. */
function sayFarewell(state: RaftState, progress: Progress, out: RaftOutbox): void {
  if (progress.leftAt === undefined || progress.leftAt > state.commit) return;
  sendUnbound(state, progress.id, { kind: "removed", term: state.term, index: progress.leftAt }, out);
}

function sendAppends(state: RaftState, progress: Progress, out: RaftOutbox): void {
  switch (progress.mode) {
    case "snapshot":
      return continueTransfer(state, progress, out);
    case "probe":
      if (progress.probed === undefined) sendProbe(state, progress, out);
      return;
    case "stream":
      while (progress.next <= state.log.last && hasRoom(state, progress)) {
        if (!sendNext(state, progress, out)) return;
      }
  }
}

function hasRoom(state: RaftState, progress: Progress): boolean {
  const { inflightBytesMax, inflightCountMax } = state.config;
  return progress.inflightBytes < inflightBytesMax && progress.inflight.length < inflightCountMax;
}

/** One append to find where the logs agree; empty when its entries are not in memory. */
function sendProbe(state: RaftState, progress: Progress, out: RaftOutbox): void {
  const { next } = progress;
  const previous = termAt(state.log, next - 1);
  if (previous === undefined) return startTransfer(state, progress, out);
  const found = next > state.log.last ? [] : entriesFrom(state.log, next, state.log.last, state.config.appendBytesMax);
  const entries = found ?? [];
  sendAppend(state, progress, entries, out);
  progress.probed = next - 1 + entries.length;
}

/** Sends the next entries ahead of the answers; false when they must come from storage first, or a snapshot must. */
function sendNext(state: RaftState, progress: Progress, out: RaftOutbox): boolean {
  const { log, config } = state;
  if (termAt(log, progress.next - 1) === undefined) {
    startTransfer(state, progress, out);
    return false;
  }
  const entries = entriesFrom(log, progress.next, log.last, config.appendBytesMax);
  if (entries === undefined) {
    wantEntries(state, progress, out);
    return false;
  }
  sendAppend(state, progress, entries, out);
  runAhead(progress, entries);
  return true;
}

function wantEntries(state: RaftState, progress: Progress, out: RaftOutbox): void {
  if (progress.want !== undefined) return;
  const bytesMax = state.config.appendBytesMax;
  progress.want = openWant(state, progress.id, { kind: "entries", from: progress.next, bytesMax }, out);
}

/** Ahead of our own disk: followers store while we do (dissertation §10.2.1). */
function sendAppend(state: RaftState, progress: Progress, entries: readonly Entry[], out: RaftOutbox): void {
  const index = progress.next - 1;
  const previous = { index, term: termAt(state.log, index) ?? 0 };
  const { term, commit } = state;
  // A membership goes out in version 2 alone: who cannot count it must not store it.
  const isOld = speaksOld(state, progress.id) && entries.every((entry) => entry.kind !== "members");
  if (isOld) out.sendAhead(progress.id, { kind: "append", term, previous, commit, entries });
  else out.sendAhead(progress.id, { kind: "append", term, previous, commit, entries, session: progress.session });
  progress.toldCommit = Math.max(progress.toldCommit, Math.min(state.commit, index + entries.length));
}

/** Counts what was sent against the follower's window, and goes on behind it. */
function runAhead(progress: Progress, entries: readonly Entry[]): void {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  progress.next += entries.length;
  progress.inflight.push({ last: progress.next - 1, bytes });
  progress.inflightBytes += bytes;
}

/** Storage answered a question asked for a follower. */
export function takeSupply(state: RaftState, peer: NodeId, want: number, found: Found, out: RaftOutbox): void {
  const progress = state.leadership?.peers.get(peer);
  if (progress === undefined || progress.want !== want) return;
  progress.want = undefined;
  if (progress.mode === "snapshot") return takeChunk(state, progress, found, out);
  if (found.kind === "gone") return startTransfer(state, progress, out);
  if (found.kind !== "entries" || found.from !== progress.next || progress.mode !== "stream") return;
  const entries = leadingEntries(ownEntries(state.log, found.from, found.entries), state.config.appendBytesMax);
  if (entries.length === 0) return;
  sendAppend(state, progress, entries, out);
  runAhead(progress, entries);
}

/** The follower has stored all through the reply's `match`. */
export function receiveAppendReply(state: RaftState, progress: Progress, reply: Of<"appendReply">): void {
  takeMatch(state, progress, reply.match);
}

function takeMatch(state: RaftState, progress: Progress, match: number): void {
  if (match > state.log.last) return; // not about this log
  if (progress.mode !== "snapshot") advance(progress, match);
  else if (match >= (progress.transfer?.snapshot.index ?? 0)) endTransfer(state, progress, match);
}

/** The follower's log does not have what precedes our append: goes back to where the two may agree (paper §5.3). */
export function receiveAppendConflict(
  state: RaftState,
  progress: Progress,
  reply: Of<"appendConflict">,
  out: RaftOutbox,
): void {
  const isAnswer = progress.mode === "probe" ? reply.rejected === progress.next - 1 : reply.rejected > progress.match;
  if (progress.mode === "snapshot" || reply.rejected >= progress.next || !isAnswer) return;
  if (reply.rejected <= progress.match) progress.match = 0; // it lost what it had stored: its disk was replaced
  if (reply.hint.index < state.log.base.index) return startTransfer(state, progress, out);
  startProbe(progress, Math.min(reply.rejected, lastAgreeable(state.log, reply.hint) + 1));
}

/** The follower lives: confirms a read round, and tells what was lost on the way. */
export function receiveHeartbeatReply(state: RaftState, progress: Progress, reply: Of<"heartbeatReply">): void {
  if (reply.round > progress.round) {
    progress.round = reply.round;
    countPromise(state, progress, reply);
  }
  const isFound = progress.mode === "probe" && reply.match >= (progress.probed ?? progress.next - 1);
  if (reply.match > progress.match || isFound) takeMatch(state, progress, reply.match);
  if (!reply.missing) return; // what was sent has arrived, and is answered once it is durable
  if (progress.mode === "probe") progress.probed = undefined;
  else if (progress.mode === "stream") startProbe(progress, progress.match + 1);
}
