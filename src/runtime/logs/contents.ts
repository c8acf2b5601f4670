import type { LogRecord } from "./log.ts";
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
    if (positions !== undefined) index.put(positions.first, positions.count, place, part);
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

  run(group: number, from: number, countMax: number): readonly PositionRow[] {
    return this.#groups.get(group)?.run(from, countMax) ?? [];
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
