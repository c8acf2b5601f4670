import { type LogRecord, type LogSpan, readSpansMax } from "./log.ts";
import { PositionIndex, type PositionRow } from "./position-index.ts";

/** A stretch of a log that is dropped as a whole: a file, or a block of records. */
export interface Stretch {
  /** By group, the position through which all must be dropped before it may go. */
  readonly pins: Map<number, number>;
}

/** What a log holds, in memory: where positions are, the records to repeat, and what each stretch still has to keep. */
export class Contents {
  readonly #groups = new Map<number, PositionIndex>();
  readonly #latest = new Map<number, LogRecord>(); // in the order in which they were stored

  /** Takes in a durable record; `place` and `part` say where it lies, in numbers of the log's own. */
  put(record: LogRecord, stretch: Stretch, place: number, part: number): void {
    const { group, kind, latest, positions, dropThrough } = record;
    const index = this.#group(group);
    if (latest) {
      const key = group * 256 + kind;
      this.#latest.delete(key);
      this.#latest.set(key, record);
    }
    if (positions !== undefined) index.put(positions, place, part);
    if (dropThrough !== undefined) index.dropThrough(dropThrough);
    if (!latest) stretch.pins.set(group, Math.max(stretch.pins.get(group) ?? 0, index.pinOf(record)));
  }

  /** The records that the head of a new stretch repeats. */
  get latest(): Iterable<LogRecord> {
    return this.#latest.values();
  }

  /** Whether nothing in `stretch` is needed any more, once a later one repeats what is `latest`. */
  isDroppable(stretch: Stretch): boolean {
    for (const [group, position] of stretch.pins) {
      if (position > this.#group(group).droppedThrough) return false;
    }
    return true;
  }

  /**
   * What `Log.read` gives. `read` brings the spans of rows from `next` on that are cheap to have at once: at least one,
   * about as many bytes as asked for; none if they were dropped meanwhile.
   */
  async spans(
    { group, from, bytesMax }: { readonly group: number; readonly from: number; readonly bytesMax: number },
    read: (rows: readonly PositionRow[], next: number, bytes: number) => Promise<readonly LogSpan[]>,
  ): Promise<readonly LogSpan[]> {
    const spans: LogSpan[] = [];
    let bytes = 0;
    const rows = this.#groups.get(group)?.run(from, readSpansMax) ?? [];
    for (let next = 0; next < rows.length && (bytes < bytesMax || next === 0); ) {
      const found = await read(rows, next, bytesMax - bytes);
      if (found.length === 0) break;
      for (const span of found) {
        if (bytes >= bytesMax && spans.length > 0) return spans;
        spans.push(span);
        bytes += span.record.bytes.length;
      }
      next += found.length;
    }
    return spans;
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
