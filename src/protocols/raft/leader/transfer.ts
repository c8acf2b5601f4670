import { type Bytes, noBytes } from "../../../base/bytes.ts";
import { type Found, isSameSnapshot } from "../../replicated-log.ts";
import { configurationAt } from "../log/log.ts";
import type { RaftMessage } from "../messages.ts";
import { openWant, type RaftOutbox, type RaftState, speaksOld } from "../state.ts";
import { advance, type Progress, startProbe, type Transfer } from "./progress.ts";

type ChunkReply = Extract<RaftMessage, { kind: "chunkReply" }>;

/** Begins to send our newest snapshot, by asking how much of it is there already. */
export function startTransfer(state: RaftState, progress: Progress, out: RaftOutbox): void {
  const { snapshot, log } = state;
  if (snapshot === undefined) return startProbe(progress, progress.match + 1); // nothing compacted yet: asked anew
  startProbe(progress, progress.match + 1);
  progress.mode = "snapshot";
  const { membership } = configurationAt(log, snapshot.index);
  progress.transfer = { snapshot, membership, acked: undefined, sent: 0, repeatedFrom: undefined };
  progress.transferTicks = 0;
  askWhereToGoOn(state, progress, out);
}

function askWhereToGoOn(state: RaftState, progress: Progress, out: RaftOutbox): void {
  if (progress.transfer === undefined) return;
  sendChunk(state, progress, progress.transfer, 0, noBytes, out);
}

/** Asks storage for the next piece while the window has room: memory holds at most one piece of each transfer. */
export function continueTransfer(state: RaftState, progress: Progress, out: RaftOutbox): void {
  const { transfer } = progress;
  const { chunkBytesMax, chunksInflightMax } = state.config;
  if (transfer?.acked === undefined || progress.want !== undefined) return;
  if (transfer.sent >= transfer.snapshot.bytes) return;
  if (transfer.sent - transfer.acked >= chunkBytesMax * chunksInflightMax) return;
  const { snapshot, sent } = transfer;
  progress.want = openWant(state, progress.id, { kind: "chunk", snapshot, offset: sent, bytesMax: chunkBytesMax }, out);
}

/** Sends the piece that storage found; a snapshot that it cannot give is replaced by a newer one, once there is one. */
export function takeChunk(state: RaftState, progress: Progress, found: Found, out: RaftOutbox): void {
  const { transfer } = progress;
  if (transfer === undefined) return;
  const { snapshot, sent } = transfer;
  if (found.kind !== "chunk" || found.bytes.length === 0) {
    if (state.snapshot?.index !== snapshot.index) return startTransfer(state, progress, out);
    transfer.acked = undefined; // nothing newer is there yet: asked again after an election timeout
    return;
  }
  if (found.offset !== sent) return; // the follower has since asked to go on elsewhere
  transfer.sent += found.bytes.length;
  sendChunk(state, progress, transfer, sent, found.bytes, out);
}

function sendChunk(
  state: RaftState,
  progress: Progress,
  { snapshot, membership }: Transfer,
  offset: number,
  bytes: Bytes,
  out: RaftOutbox,
): void {
  const session = speaksOld(state, progress.id) ? {} : { session: progress.session };
  const message = { kind: "chunk", term: state.term, snapshot, membership, offset, bytes, ...session } as const;
  out.sendAhead(progress.id, message);
}

/** The follower says how much it has stored: goes on from there, and returns to the log once all is installed. */
export function receiveChunkReply(state: RaftState, progress: Progress, reply: ChunkReply): void {
  const { transfer } = progress;
  if (transfer === undefined || !isSameSnapshot(transfer.snapshot, reply.snapshot)) return;
  progress.transferTicks = 0;
  if (reply.received >= transfer.snapshot.bytes) return endTransfer(state, progress, transfer.snapshot.index);
  const isNews = transfer.acked === undefined || reply.received < transfer.acked;
  const isBehind = reply.received === transfer.acked && reply.received < transfer.sent;
  const isGap = isBehind && transfer.repeatedFrom !== reply.received;
  if (isGap) transfer.repeatedFrom = reply.received;
  transfer.acked = reply.received;
  transfer.sent = isNews || isGap ? reply.received : Math.max(transfer.sent, reply.received);
}

/** The follower has all through `index`, the snapshot among it: back to the log, which is kept until it catches up. */
export function endTransfer(state: RaftState, progress: Progress, index: number): void {
  const { last } = state.log;
  startProbe(progress, index + 1);
  progress.arrears = { through: last, count: last - index };
  if (index <= last) advance(progress, index);
}

/** One tick: a transfer that stands for an election timeout, and not for our storage, is asked where to go on. */
export function tickTransfers(state: RaftState, out: RaftOutbox): void {
  for (const progress of state.leadership?.peers.values() ?? []) {
    if (progress.transfer === undefined || progress.want !== undefined) continue;
    if (++progress.transferTicks < state.config.electionTicks) continue;
    progress.transferTicks = 0;
    progress.transfer.acked = undefined;
    askWhereToGoOn(state, progress, out);
  }
}
