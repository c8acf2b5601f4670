import { invariant } from "../../base/invariant.ts";
import {
  decodeRecord,
  encodeRecord,
  firstBase,
  type LoggedRecord,
  type Member,
  type PaxosMemory,
  Recovery,
  recordKinds,
} from "../../protocols/multi-paxos/index.ts";
import { slotAt, topOf } from "../../protocols/multi-paxos/log/history.ts";
import { isSameSnapshot, type SnapshotName } from "../../protocols/replicated-log.ts";
import { LogStore } from "../replicated/store.ts";

/** What a Multi-Paxos member's disk holds. */
export type PaxosStore = LogStore<LoggedRecord>;

/** An empty disk for a member. */
export function newPaxosStore(): PaxosStore {
  return new LogStore<LoggedRecord>({
    kinds: recordKinds,
    encode: encodeRecord,
    decode: decodeRecord,
    entries: (record) =>
      record.kind === "accepted" || record.kind === "learned"
        ? { first: record.first, entries: record.updates }
        : undefined,
    isReplacing: false,
    dropThrough: (record) => (record.kind === "base" ? record.base.floor : undefined),
  });
}

/** A new member's first record. */
export function beginPaxosStore(store: PaxosStore, members: readonly Member[], alpha: number): void {
  const base = firstBase(members, alpha);
  const record = { kind: "base", base, snapshot: undefined, isOwn: true, promised: 0 } as const;
  store.put([record], [encodeRecord(record)]);
}

/** What the stored records make of a member. */
export function recoverPaxos(store: PaxosStore, tailBytesMax: number): PaxosMemory {
  const recovery = new Recovery([], tailBytesMax);
  for (const record of store.records()) recovery.take(record);
  const memory = recovery.finish();
  return { ...memory, snapshot: newestSnapshot(store, memory) };
}

/**
 * The newest that the log knows, or that the owner took: a process may have ended between storing one and its record.
 *
 * One from another member counts only once it is recorded: what was accepted before it need not be what was ordered.
 */
function newestSnapshot(store: PaxosStore, { snapshot, history }: PaxosMemory): SnapshotName | undefined {
  let newest: SnapshotName | undefined;
  for (const { name, isOwn } of store.snapshots) {
    const isRecorded = snapshot !== undefined && isSameSnapshot(name, snapshot);
    const isHeld = name.index <= Math.max(history.aru, topOf(history));
    const isSame = name.index < history.tailFrom || slotAt(history, name.index)?.update.term === name.term;
    const isNewer = isOwn && name.index > (snapshot?.index ?? 0) && isHeld && isSame;
    if ((isRecorded || isNewer) && name.index > (newest?.index ?? 0)) newest = name;
  }
  invariant(newest !== undefined || snapshot === undefined, "a recorded snapshot is stored");
  return newest;
}
