import { invariant } from "../../../base/invariant.ts";
import type { LogRecord } from "../log.ts";
import { PositionIndex, type PositionRow } from "../position-index.ts";
import type { Segment } from "./segment.ts";

/** Where a record lies: in which frame, and as which of its records. */
export interface Place {
  readonly segment: number;
  /** In sectors from the start of the file. */
  readonly sector: number;
  readonly sectors: number;
  readonly ordinal: number;
}

const sectorsMax = 2 ** 22; // 2 GiB of sectors: what a segment's number is shifted by

/** Packs a place into the two numbers of an index row. */
function pack({ segment, sector, sectors, ordinal }: Place): readonly [place: number, part: number] {
  invariant(sector < sectorsMax && sectors < sectorsMax, "a frame starts and ends within 2 GiB");
  return [segment * sectorsMax + sector, ordinal * sectorsMax + sectors];
}

/** Where the record of an index row lies. */
export function placeOf(row: PositionRow): Place {
  return {
    segment: Math.floor(row.place / sectorsMax),
    sector: row.place % sectorsMax,
    sectors: row.part % sectorsMax,
    ordinal: Math.floor(row.part / sectorsMax),
  };
}

/** What a log holds, in memory: where positions are, the records to repeat, and what each segment still has to keep. */
export class Contents {
  readonly #groups = new Map<number, PositionIndex>();
  readonly #latest = new Map<number, LogRecord>(); // in the order in which they were stored

  /** Takes in a durable record. */
  put(record: LogRecord, segment: Segment, sector: number, sectors: number, ordinal: number): void {
    const { group, kind, latest, positions, dropThrough } = record;
    const index = this.#group(group);
    if (latest) {
      const key = group * 256 + kind;
      this.#latest.delete(key);
      this.#latest.set(key, record);
    }
    if (positions !== undefined) {
      index.put(positions.first, positions.count, ...pack({ segment: segment.number, sector, sectors, ordinal }));
    }
    if (dropThrough !== undefined) index.dropThrough(dropThrough);
    if (!latest) segment.pins.set(group, Math.max(segment.pins.get(group) ?? 0, index.pinOf(record)));
  }

  /** The records that the head of a new segment repeats. */
  get latest(): Iterable<LogRecord> {
    return this.#latest.values();
  }

  /** Whether nothing in `segment` is needed any more, once a later segment repeats what is `latest`. */
  isDroppable(segment: Segment): boolean {
    for (const [group, position] of segment.pins) {
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
