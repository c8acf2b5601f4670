import { invariant } from "../../base/invariant.ts";
import { ClosedError } from "../errors.ts";
import { checkRecord, type Log, type LogRecord, type LogSpan, type LogStats, readSpansMax } from "./log.ts";
import { PositionIndex } from "./position-index.ts";

/** What a memory log stores into: numbered records in order. It outlives the log, as a disk does. */
export type MemoryMedium = Map<number, LogRecord>;

/** A log in memory, for tests and for nodes without a disk. The same medium given to a new log is a restart. */
export function memoryLog(medium: MemoryMedium = new Map()): Log {
  return new MemoryLog(medium);
}

class MemoryLog implements Log {
  readonly #medium: MemoryMedium;
  readonly #groups = new Map<number, PositionIndex>();
  readonly #latest = new Map<number, number>();
  readonly #pins = new Map<number, { readonly group: number; readonly pin: number }>();
  #next = 0;
  #bytes = 0;
  #state: "new" | "ready" | "closed" = "new";

  constructor(medium: MemoryMedium) {
    this.#medium = medium;
  }

  async *recover(): AsyncGenerator<LogRecord, void> {
    invariant(this.#state === "new", "a log is recovered once");
    this.#state = "ready";
    const stored = [...this.#medium];
    for (const [number, record] of stored) {
      this.#next = number + 1;
      this.#put(record, number);
    }
    for (const [, record] of stored) yield record;
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    this.#check();
    for (const record of records) checkRecord(record);
    for (const record of records) {
      this.#medium.set(this.#next, record);
      this.#put(record, this.#next++);
    }
    if (records.some(({ dropThrough }) => dropThrough !== undefined)) this.#removeDropped();
  }

  async read(group: number, from: number, bytesMax: number): Promise<readonly LogSpan[]> {
    this.#check();
    const spans: LogSpan[] = [];
    let bytes = 0;
    for (const { first, last, place } of this.#groups.get(group)?.run(from, readSpansMax) ?? []) {
      const record = this.#medium.get(place);
      invariant(record !== undefined, "what the index knows is stored");
      if (spans.length > 0 && bytes >= bytesMax) break;
      spans.push({ record, first, last });
      bytes += record.bytes.length;
    }
    return spans;
  }

  stats(): LogStats {
    return { files: 0, bytes: this.#bytes, syncs: 0 };
  }

  async close(): Promise<void> {
    this.#state = "closed";
  }

  #check(): void {
    if (this.#state === "closed") throw new ClosedError("not-applied");
    invariant(this.#state === "ready", "a log is recovered before it is used");
  }

  #put(record: LogRecord, number: number): void {
    const { group, kind, latest, positions, dropThrough } = record;
    this.#bytes += record.bytes.length;
    const index = this.#group(group);
    if (positions !== undefined) index.put(positions, number, 0);
    if (dropThrough !== undefined) index.dropThrough(dropThrough);
    if (!latest) {
      this.#pins.set(number, { group, pin: index.pinOf(record) });
      return;
    }
    const key = group * 256 + kind;
    this.#remove(this.#latest.get(key));
    this.#latest.set(key, number);
  }

  /** Removes from the front what is not needed, as files of a log on disk go. */
  #removeDropped(): void {
    for (const [number, { group, pin }] of this.#pins) {
      if (pin > this.#group(group).droppedThrough) return;
      this.#pins.delete(number);
      this.#remove(number);
    }
  }

  #remove(number: number | undefined): void {
    const record = number === undefined ? undefined : this.#medium.get(number);
    if (number === undefined || record === undefined) return;
    this.#bytes -= record.bytes.length;
    this.#medium.delete(number);
  }

  #group(group: number): PositionIndex {
    let index = this.#groups.get(group);
    if (index === undefined) {
      index = new PositionIndex();
      this.#groups.set(group, index);
    }
    return index;
  }
}
