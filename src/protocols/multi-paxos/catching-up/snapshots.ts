import type { NodeId } from "../../../base/ids.ts";
import { invariant } from "../../../base/invariant.ts";
import { isSameSnapshot, type SnapshotName } from "../../replicated-log.ts";
import { absorb, baseOf } from "../log/facts.ts";
import { raiseFloor, startAfter } from "../log/history.ts";
import type { Base, Of } from "../messages.ts";
import { type PaxosOutbox, type PaxosState, send } from "../state.ts";

/** A member offers a snapshot of more than we have: it is fetched piece by piece, from where a partial one ends. */
export function receiveOffer(state: PaxosState, from: NodeId, { snapshot, base }: Of<"offer">, out: PaxosOutbox): void {
  if (snapshot.index <= state.history.aru || base.floor !== snapshot.index) return;
  const before = state.incoming;
  const isSame = before !== undefined && isSameSnapshot(before.snapshot, snapshot);
  state.incoming = { snapshot, received: isSame ? before.received : 0, base };
  fetchNext(state, from, out);
  if (snapshot.bytes === state.incoming.received) completeSnapshot(state, out);
}

/** Leaves once the pieces before it are durable: that is the pace. */
function fetchNext(state: PaxosState, from: NodeId, out: PaxosOutbox): void {
  const { incoming, clock, config } = state;
  if (incoming === undefined) return;
  state.reconciling = { peer: from, until: clock + config.reconcileTicks };
  send(state, from, { kind: "fetch", snapshot: incoming.snapshot, offset: incoming.received }, out);
}

/** Stores the next piece; the last one installs the snapshot. */
export function receiveChunk(state: PaxosState, from: NodeId, message: Of<"chunk">, out: PaxosOutbox): void {
  const { incoming } = state;
  const { snapshot, offset, bytes } = message;
  if (incoming?.base === undefined || !isSameSnapshot(incoming.snapshot, snapshot)) return;
  const end = offset + bytes.length;
  if (offset !== incoming.received || end > snapshot.bytes || bytes.length === 0) return;
  state.disk.asked = out.persist({ kind: "chunk", snapshot, offset, bytes });
  incoming.received = end;
  if (end === snapshot.bytes) completeSnapshot(state, out);
  else fetchNext(state, from, out);
}

function completeSnapshot(state: PaxosState, out: PaxosOutbox): void {
  const { incoming, history } = state;
  state.incoming = undefined;
  state.reconciling = undefined;
  if (incoming?.base === undefined || incoming.snapshot.index <= history.aru) return;
  installSnapshot(state, incoming.snapshot, incoming.base, out);
}

/** Makes the snapshot the start of our log; what is accepted above it stays (Q4). */
function installSnapshot(state: PaxosState, snapshot: SnapshotName, base: Base, out: PaxosOutbox): void {
  const { history, facts } = state;
  startAfter(history, snapshot.index);
  absorb(facts, base);
  state.snapshot = snapshot;
  const record = out.persist({
    kind: "base",
    base: baseOf(facts, snapshot.index),
    snapshot,
    isOwn: false,
    promised: state.promised.view,
  });
  state.disk.asked = record;
  state.disk.hinted = snapshot.index;
  state.settlesInstalled = true;
  state.delivery.restoring = { snapshot, record };
}

/**
 * The owner's snapshot is durable: the log may start later (Q5, Q6).
 *
 * Entries stay that a member a little behind needs. Accepted updates that are not ordered are above the snapshot.
 */
export function compact(state: PaxosState, snapshot: SnapshotName, out: PaxosOutbox): void {
  const { history, config, facts } = state;
  if (snapshot.index <= (state.snapshot?.index ?? 0)) return;
  invariant(snapshot.index <= state.delivery.applied, "a snapshot holds only what was applied");
  state.snapshot = snapshot;
  raiseFloor(history, Math.max(history.floor, Math.min(snapshot.index, history.aru - config.retainCount)));
  const base = baseOf(facts, history.floor);
  facts.configurations = [...base.configurations];
  state.disk.asked = out.persist({
    kind: "base",
    base,
    snapshot,
    isOwn: facts.through === history.aru,
    promised: state.promised.view,
  });
}
