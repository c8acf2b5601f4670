import type { Bytes } from "../../base/bytes.ts";
import { invariant } from "../../base/invariant.ts";

/** What a record holds: positions `first` … `first + count - 1`. It replaces all stored from `first` on. */
export interface Positions {
  readonly first: number;
  readonly count: number;
  /** It replaces just its own positions, and may come for those in any order. */
  readonly inPlace?: true;
}

/**
 * One record as a log stores it. A log knows no protocol: only these hints.
 *
 * A record that is not `latest` and holds no positions goes with the positions of its group stored before it.
 */
export interface LogRecord {
  /** Which of the groups that share this log it belongs to. */
  readonly group: number;
  /** 0 … 255, the protocol's own numbering. */
  readonly kind: number;
  readonly bytes: Bytes;
  /** Only the newest of its kind and group matters; a log repeats it wherever it starts a new file. */
  readonly latest?: boolean;
  /** Not together with `latest`. */
  readonly positions?: Positions;
  /** Positions up to and including this one are not needed any more. */
  readonly dropThrough?: number;
}

/** A stored record and those of its positions that no later record has replaced. */
export interface LogSpan {
  readonly record: LogRecord;
  readonly first: number;
  readonly last: number;
}

/** Most spans that one `read` gives. */
export const readSpansMax = 4096;

/** A durable, ordered list of records. One owner, one call of `append` at a time. */
export interface Log {
  /**
   * Everything stored, in the order it was stored; called once, before the first `append`.
   *
   * Cuts off a torn tail (and says so); throws `CorruptionError` naming file and offset for damage before it.
   * What `dropThrough` allowed to drop may or may not still show; a `latest` record may show repeatedly.
   */
  recover(): AsyncIterable<LogRecord>;
  /**
   * Stores records after all earlier ones; durable once resolved.
   *
   * Rejects with `DiskFullError` having stored nothing: the same call may be made again. Any other
   * rejection leaves the log unusable (what reached the disk is unknown): the process must stop.
   */
  append(records: readonly LogRecord[]): Promise<void>;
  /**
   * Stored spans that cover positions from `from` on, in order without gap, until `bytesMax` is reached (at least one
   * span, at most `readSpansMax`); none if `from` is not stored.
   */
  read(group: number, from: number, bytesMax: number): Promise<readonly LogSpan[]>;
  stats(): LogStats;
  /** To be called when no `append` is under way. */
  close(): Promise<void>;
}

/** Sizes of a log, for status and metrics. */
export interface LogStats {
  readonly files: number;
  readonly bytes: number;
  /** Syncs (or synchronous writes) done since it was opened. */
  readonly syncs: number;
}

/** Whether the record holds all of a span's positions: what an index says of a record, checked when it is read. */
export function holdsSpan(record: LogRecord | undefined, first: number, last: number): record is LogRecord {
  const { positions } = record ?? {};
  return positions !== undefined && positions.first <= first && last < positions.first + positions.count;
}

/** Checks a record before it is stored: what cannot be stored as it stands is a bug of the owner. */
export function checkRecord({ group, kind, latest, positions, dropThrough }: LogRecord): void {
  invariant(Number.isSafeInteger(group) && group >= 0 && group < 2 ** 32, "a group is a number of 32 bits");
  invariant(Number.isInteger(kind) && kind >= 0 && kind <= 255, "a record's kind is 0 … 255");
  invariant(!latest || positions === undefined, "a record that is repeated holds no positions");
  invariant(dropThrough === undefined || isPosition(dropThrough), "positions are whole numbers from 0 on");
  if (positions === undefined) return;
  invariant(positions.first >= 1 && isPosition(positions.first), "positions are counted from 1");
  invariant(isPosition(positions.count) && isPosition(positions.first + positions.count), "a count is a whole number");
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
