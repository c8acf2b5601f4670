import { invariant } from "../../../base/invariant.ts";
import type { Outbox } from "../../core.ts";
import { decodeMembership } from "../../membership-codec.ts";
import type { Entry, Membership, Position } from "../../replicated-log.ts";
import type { RaftVocabulary } from "../messages.ts";

/** What an entry costs in memory besides its payload, in bytes: measured, rounded up. */
const entryOverheadBytes = 250;

/** Who takes part from entry `index` on, until the next one. */
export interface Configuration {
  readonly index: number;
  readonly membership: Membership;
}

/**
 * One member's log: everything after `base`, of which the newest part is held in memory.
 *
 * Invariant: base.index <= durable <= last, base.index < tailFrom <= last + 1, tail holds tailFrom … last.
 */
export interface RaftLog {
  /** The last entry that is no longer in the log. */
  base: Position;
  last: number;
  /** All through here is on stable storage. */
  durable: number;
  /** The one as of `base`, then those of the entries after it, in order: the last is in force (Raft paper §6). */
  configurations: Configuration[];
  /** First index of each term's run of entries, oldest first; covers base.index + 1 … last. */
  runs: Position[];
  tailFrom: number;
  tail: Entry[];
  tailBytes: number;
  /** First index not yet handed to `persist`; last + 1 when there is none. */
  unsavedFrom: number;
  /** Records on their way to the disk: once `record` of them are durable, so is all through `last`. */
  saving: { readonly record: number; last: number }[];
  /** The newest slice taken: the disk and every follower mostly want the same one, and share its encoding too. */
  slice: { readonly from: number; readonly through: number; readonly entries: readonly Entry[] } | undefined;
}

/** An empty log that starts after `base`, where `membership` takes part. */
export function newLog(base: Position, membership: Membership): RaftLog {
  return {
    base,
    last: base.index,
    durable: base.index,
    configurations: [{ index: base.index, membership }],
    runs: [],
    tailFrom: base.index + 1,
    tail: [],
    tailBytes: 0,
    unsavedFrom: base.index + 1,
    saving: [],
    slice: undefined,
  };
}

/** What an entry counts for in every bound on entries. */
export function entryBytes(entry: Entry): number {
  return entry.payload.length + entryOverheadBytes;
}

/** The term of the entry at `index`; `undefined` when the log cannot tell. */
export function termAt(log: RaftLog, index: number): number | undefined {
  if (index === log.base.index) return log.base.term;
  if (index < log.base.index || index > log.last) return undefined;
  for (let at = log.runs.length - 1; at >= 0; at--) {
    const run = log.runs[at];
    if (run !== undefined && run.index <= index) return run.term;
  }
  return undefined;
}

/** Who takes part as of `index`, which is not before the log's start. */
export function configurationAt(log: RaftLog, index: number): Configuration {
  const found = log.configurations.findLast((configuration) => configuration.index <= index);
  invariant(found !== undefined, "the log knows who takes part from its start on");
  return found;
}

/** Who takes part as of the newest membership in the log. */
export function newestConfiguration(log: RaftLog): Configuration {
  return log.configurations.at(-1) ?? configurationAt(log, log.last);
}

/** The place of the last entry. */
export function lastPosition(log: RaftLog): Position {
  return { index: log.last, term: termAt(log, log.last) ?? 0 };
}

/** The highest index up to `place.index` whose term is at most `place.term`: where logs may still agree. */
export function lastAgreeable(log: RaftLog, place: Position): number {
  let index = Math.min(place.index, log.last);
  for (let at = log.runs.length - 1; at >= 0; at--) {
    const run = log.runs[at];
    if (run === undefined || run.index > index) continue;
    if (run.term <= place.term) return index;
    index = run.index - 1;
  }
  return Math.max(log.base.index, index);
}

/** Adds entries after the last. */
export function appendEntries(log: RaftLog, entries: readonly Entry[]): void {
  for (const entry of entries) {
    log.last++;
    const run = log.runs.at(-1);
    if (run === undefined || run.term !== entry.term) {
      invariant(entry.term >= (run ?? log.base).term, "terms in a log never decrease");
      log.runs.push({ index: log.last, term: entry.term });
    }
    if (entry.kind === "members") {
      log.configurations.push({ index: log.last, membership: decodeMembership(entry.payload) });
    }
    log.tail.push(entry);
    log.tailBytes += entryBytes(entry);
  }
}

/** Forgets the entry at `from` and all after it. Counts of what is durable or on its way are cut with them. */
export function truncateFrom(log: RaftLog, from: number): void {
  invariant(from > log.base.index, "only entries still in the log are replaced");
  log.last = from - 1;
  log.slice = undefined;
  log.durable = Math.min(log.durable, log.last);
  log.unsavedFrom = Math.min(log.unsavedFrom, from);
  for (const save of log.saving) save.last = Math.min(save.last, log.last);
  while ((log.runs.at(-1)?.index ?? 0) >= from) log.runs.pop();
  while ((log.configurations.at(-1)?.index ?? 0) >= from) log.configurations.pop();
  const removed = log.tail.splice(Math.max(0, from - log.tailFrom));
  for (const entry of removed) log.tailBytes -= entryBytes(entry);
  log.tailFrom = Math.min(log.tailFrom, from);
}

/**
 * Entries `from` … `through` or fewer, within `bytesMax` but at least one; `undefined` when they are not in memory.
 *
 * All callers use one `bytesMax`, so that they share slices.
 */
export function entriesFrom(
  log: RaftLog,
  from: number,
  through: number,
  bytesMax: number,
): readonly Entry[] | undefined {
  if (from < log.tailFrom) return undefined;
  if (log.slice?.from === from && log.slice.through === through) return log.slice.entries;
  const start = from - log.tailFrom;
  const end = through - log.tailFrom + 1;
  const entries = log.tail.slice(start, start + countWithin(log.tail, start, end, bytesMax));
  log.slice = { from, through, entries };
  return entries;
}

/** How many of entries[start … end - 1] fit in `bytesMax`; at least one if there is one. */
function countWithin(entries: readonly Entry[], start: number, end: number, bytesMax: number): number {
  let bytes = 0;
  for (let at = start; at < end; at++) {
    const entry = entries[at];
    if (entry === undefined) return at - start;
    bytes += entryBytes(entry);
    if (bytes > bytesMax && at > start) return at - start;
  }
  return Math.max(0, end - start);
}

/** The leading entries that fit in `bytesMax`, at least one. */
export function leadingEntries(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  const count = countWithin(entries, 0, entries.length, bytesMax);
  return count === entries.length ? entries : entries.slice(0, count);
}

/**
 * The leading ones of `entries`, read from storage at `from`, that are the log's own.
 *
 * A read may be older than a replacement that is durable by now; entries of the same place and term are the same.
 */
export function ownEntries(log: RaftLog, from: number, entries: readonly Entry[]): readonly Entry[] {
  const count = entries.findIndex((entry, at) => termAt(log, from + at) !== entry.term);
  return count < 0 ? entries : entries.slice(0, count);
}

/** Hands all that is not yet stored to `persist`, in records of at most `bytesMax`. */
export function saveEntries(log: RaftLog, bytesMax: number, out: Outbox<RaftVocabulary>): void {
  while (log.unsavedFrom <= log.last) {
    const entries = entriesFrom(log, log.unsavedFrom, log.last, bytesMax);
    invariant(entries !== undefined && entries.length > 0, "what is not stored is in memory");
    const record = out.persist({ kind: "entries", from: log.unsavedFrom, entries });
    log.unsavedFrom += entries.length;
    log.saving.push({ record, last: log.unsavedFrom - 1 });
  }
}

/** The first `count` records are durable, and so are the entries in them. */
export function entriesSaved(log: RaftLog, count: number): void {
  let done = 0;
  for (const save of log.saving) {
    if (save.record > count) break;
    log.durable = Math.max(log.durable, save.last);
    done++;
  }
  if (done > 0) log.saving.splice(0, done);
}

/** Drops durable entries up to `through` from memory once they exceed `bytesMax`: down to half of it, so rarely. */
export function trimTail(log: RaftLog, through: number, bytesMax: number): void {
  if (log.tailBytes <= bytesMax) return;
  const last = Math.min(log.durable, through);
  let count = 0;
  while (log.tailBytes > bytesMax / 2 && log.tailFrom + count <= last) {
    const entry = log.tail[count];
    if (entry === undefined) break;
    log.tailBytes -= entryBytes(entry);
    count++;
  }
  log.tail.splice(0, count);
  log.tailFrom += count;
}

/**
 * Makes the log start after `base`: entries behind it stay if the log has that very entry, otherwise all go.
 *
 * `membership` is the one as of `base`.
 */
export function rebase(log: RaftLog, base: Position, membership: Membership): void {
  invariant(base.index >= log.base.index, "the log's start never goes back");
  if (termAt(log, base.index) !== base.term) {
    Object.assign(log, newLog(base, membership));
    return;
  }
  const later = log.configurations.filter((configuration) => configuration.index > base.index);
  log.configurations = [{ index: base.index, membership }, ...later];
  const count = Math.min(log.tail.length, Math.max(0, base.index + 1 - log.tailFrom));
  for (const entry of log.tail.splice(0, count)) log.tailBytes -= entryBytes(entry);
  const first = log.runs.findLast((run) => run.index <= base.index + 1);
  log.base = base;
  log.slice = undefined;
  log.runs = log.runs.filter((run) => run.index > base.index + 1);
  if (first !== undefined && base.index < log.last) log.runs.unshift({ index: base.index + 1, term: first.term });
  log.tailFrom = Math.max(log.tailFrom, base.index + 1);
  log.unsavedFrom = Math.max(log.unsavedFrom, base.index + 1);
  log.durable = Math.max(log.durable, base.index);
}

/** What the entries `from` … `through` that are in memory count for, in bytes. */
export function bytesBetween(log: RaftLog, from: number, through: number): number {
  let bytes = 0;
  for (let index = Math.max(from, log.tailFrom); index <= through; index++) {
    const entry = log.tail[index - log.tailFrom];
    if (entry !== undefined) bytes += entryBytes(entry);
  }
  return bytes;
}
