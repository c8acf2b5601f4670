import { invariant } from "../../base/invariant.ts";
import { decodeRecord, type LoggedRecord } from "../../protocols/raft/codec/record-codec.ts";
import { encodeRecord, type RaftMemory, Recovery, recordKinds } from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";
import { isSameSnapshot, type Membership, type SnapshotName } from "../../protocols/replicated-log.ts";
import { LogStore } from "../replicated/store.ts";

/** What a Raft member's disk holds. */
export type RaftStore = LogStore<LoggedRecord>;

/** An empty disk for a Raft member. */
export function newRaftStore(): RaftStore {
  return new LogStore<LoggedRecord>({
    kinds: recordKinds,
    encode: encodeRecord,
    decode: decodeRecord,
    entries: (record) => (record.kind === "entries" ? { first: record.from, entries: record.entries } : undefined),
    isReplacing: true,
    dropThrough: (record) => (record.kind === "base" ? record.base.index : undefined),
  });
}

/** A new member's first record. */
export function beginRaftStore(store: RaftStore, membership: Membership): void {
  const record = { kind: "base", base: { index: 0, term: 0 }, snapshot: undefined, membership } as const;
  store.put([record], [encodeRecord(record)]);
}

/** What the stored records make of a member. */
export function recoverRaft(store: RaftStore, tailBytesMax: number): RaftMemory {
  const recovery = new Recovery([], tailBytesMax);
  for (const record of store.records()) recovery.take(record);
  const memory = recovery.finish();
  return { ...memory, snapshot: newestSnapshot(store, memory) };
}

/** The newest that the log knows: a process may have ended between storing one and its record. */
function newestSnapshot(store: RaftStore, { snapshot, log }: RaftMemory): SnapshotName | undefined {
  let newest: SnapshotName | undefined;
  for (const { name } of store.snapshots) {
    const isRecorded = snapshot !== undefined && isSameSnapshot(name, snapshot);
    const isNewer = name.index > (snapshot?.index ?? 0) && termAt(log, name.index) === name.term;
    if ((isRecorded || isNewer) && name.index > (newest?.index ?? 0)) newest = name;
  }
  invariant(newest !== undefined || snapshot === undefined, "a recorded snapshot is stored");
  return newest;
}
