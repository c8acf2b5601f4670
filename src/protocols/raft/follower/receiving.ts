import type { NodeId } from "../../../base/ids.ts";
import { isSameSnapshot, type Membership, type SnapshotName } from "../../replicated-log.ts";
import { hearLeader } from "../election.ts";
import { rebase } from "../log/log.ts";
import { adoptMembership } from "../membership.ts";
import type { RaftMessage } from "../messages.ts";
import type { RaftOutbox, RaftState } from "../state.ts";
import { echo } from "./following.ts";

type Chunk = Extract<RaftMessage, { kind: "chunk" }>;

/** Stores the next piece of the leader's snapshot and says how far it is; the last piece installs it (paper §7). */
export function receiveChunk(state: RaftState, from: NodeId, message: Chunk, out: RaftOutbox): void {
  hearLeader(state, from);
  const { snapshot } = message;
  if (snapshot.index <= state.commit) return sendReceived(state, from, message, snapshot.bytes, out);
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
  sendReceived(state, from, message, incoming.received, out);
}

/** Leaves once what it claims is durable. */
function sendReceived(state: RaftState, to: NodeId, message: Chunk, received: number, out: RaftOutbox): void {
  out.send(to, { kind: "chunkReply", term: state.term, snapshot: message.snapshot, received, ...echo(message) });
}

/** Makes the snapshot the start of our log; the owner is told to restore it once that is durable. */
function install(state: RaftState, snapshot: SnapshotName, membership: Membership, out: RaftOutbox): void {
  const base = { index: snapshot.index, term: snapshot.term };
  state.incoming = undefined;
  state.snapshot = snapshot;
  rebase(state.log, base, membership);
  adoptMembership(state);
  state.commit = snapshot.index;
  state.verified = Math.max(state.verified, snapshot.index);
  const record = out.persist({ kind: "base", base, snapshot, membership });
  state.disk.asked = record;
  state.delivery.restoring = { snapshot, record };
}
