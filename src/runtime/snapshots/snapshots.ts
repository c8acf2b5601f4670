import type { Bytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";
import type { Position, SnapshotName } from "../../protocols/replicated-log.ts";

/** A snapshot being received from another member: its first `received` bytes are durable. */
export interface PartialSnapshot {
  readonly snapshot: SnapshotName;
  readonly received: number;
}

/** How long a snapshot is kept after a read: another member may be fetching it. */
export const keptAfterReadMs = 60_000;

/** Where a node keeps snapshots of its applied state. */
export interface Snapshots {
  /** Complete snapshots, newest (highest index) first. */
  list(): Promise<readonly SnapshotName[]>;
  /** The unfinished one, if any; at most one is kept. */
  partial(): Promise<PartialSnapshot | undefined>;
  /** Writes the state at `at` chunk by chunk, yielding to other work; durable, and listed, once resolved. */
  save(at: Position, chunks: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<SnapshotName>;
  /**
   * Adds a received piece; durable once resolved; one call at a time. What was received before is skipped. A piece of
   * another snapshot than the partial one starts over, at offset 0.
   *
   * With the last byte the checksum is verified and the snapshot becomes complete; a mismatch drops it and throws
   * `CorruptionError`.
   * Rejects with `DiskFullError` having stored nothing.
   */
  receive(snapshot: SnapshotName, offset: number, bytes: Bytes): Promise<void>;
  /** Up to `bytesMax` bytes of a complete snapshot; `undefined` when it is gone. */
  read(snapshot: SnapshotName, offset: number, bytesMax: number): Promise<Bytes | undefined>;
  /** The whole content, verified against its checksum by the end. Throws `CorruptionError`. */
  content(snapshot: SnapshotName): AsyncIterable<Bytes>;
  /** Deletes complete snapshots older than `index`, but not one read within the last minute. */
  dropBefore(index: number): Promise<void>;
}

/** The part of a piece that continues what was received; pieces leave no gap and do not go past the end. */
export function checkPiece(snapshot: SnapshotName, received: number, offset: number, bytes: Bytes): Bytes {
  invariant(offset >= 0 && offset <= received, "a piece of a snapshot follows what was received");
  invariant(offset + bytes.length <= snapshot.bytes, "a piece of a snapshot ends within it");
  return bytes.subarray(Math.min(bytes.length, received - offset));
}
