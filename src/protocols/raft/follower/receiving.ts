import type { NodeId } from "../../../base/ids.ts";
import { isSameSnapshot, type Membership, type SnapshotName } from "../../replicated-log.ts";
import { hearLeader } from "../election.ts";
import { configurationAt, rebase } from "../log/log.ts";
import type { RaftMessage } from "../messages.ts";
import type { RaftOutbox, RaftState } from "../state.ts";

type Chunk = Extract<RaftMessage, { kind: "chunk" }>;

/** Stores the next piece of the leader's snapshot and says how far it is; the last piece installs it (paper §7). */
export function receiveChunk(state: RaftState, from: NodeId, message: Chunk, out: RaftOutbox): void {
  hearLeader(state, from);
  const { snapshot } = message;
  if (snapshot.index <= state.commit) return sendReceived(state, from, snapshot, snapshot.bytes, out);
  if (state.incoming === undefined || !isSameSnapshot(state.incoming.snapshot, snapshot)) {
    state.incoming = { snapshot, received: 0 };
  }
  const { incoming } = state;
  const end = message.offset + message.bytes.length;
  const isNext = message.offset === incoming.received && end <= snapshot.bytes;
  if (isNext && (message.bytes.length > 0 || snapshot.bytes === 0)) {
    state.disk.asked = out.persist({ kind: "chunk", snapshot, offset: message.offset, bytes: message.bytes });
    incoming.received = end;
    if (end === snapshot.bytes) install(state, snapshot, message.membership, out);
  }
  sendReceived(state, from, snapshot, incoming.received, out);
}

/** Leaves once what it claims is durable. */
function sendReceived(state: RaftState, to: NodeId, snapshot: SnapshotName, received: number, out: RaftOutbox): void {
  out.send(to, { kind: "chunkReply", term: state.term, snapshot, received });
}

/** Makes the snapshot the start of our log; the owner is told to restore it once that is durable. */
function install(state: RaftState, snapshot: SnapshotName, membership: Membership, out: RaftOutbox): void {
  const base = { index: snapshot.index, term: snapshot.term };
  state.incoming = undefined;
  state.snapshot = snapshot;
  rebase(state.log, base, membership);
  state.membership = configurationAt(state.log, state.log.last).membership;
  state.commit = snapshot.index;
  state.verified = Math.max(state.verified, snapshot.index);
  const record = out.persist({ kind: "base", base, snapshot, membership });
  state.disk.asked = record;
  state.delivery.restoring = { snapshot, record };
}
