import { crc32 } from "node:zlib";
import type { LogRecord } from "../logs/log.ts";
import { PositionIndex } from "../logs/position-index.ts";
import { encodeRecords } from "../logs/record.ts";

/** What the records of a log come to: two logs with the same one mean the same, however often each repeats itself. */
export class Digest {
  readonly #latest = new Map<number, number>();
  readonly #groups = new Map<number, PositionIndex>();
  #count = 0;

  /** How many records were taken. */
  get count(): number {
    return this.#count;
  }

  take(record: LogRecord): void {
    const { group, kind, latest, positions, dropThrough } = record;
    const checksum = crc32(encodeRecords([record], record.bytes.length + 32));
    const index = this.#groups.get(group) ?? new PositionIndex();
    this.#groups.set(group, index);
    this.#count++;
    if (latest) this.#latest.set(group * 256 + kind, checksum);
    if (positions !== undefined) index.put(positions, checksum, 0);
    if (dropThrough !== undefined) index.dropThrough(dropThrough);
  }

  /** As text, to be compared. */
  finish(): string {
    const groups = [...this.#groups].sort(([one], [other]) => one - other);
    const rows = groups.map(([group, index]) => {
      const kept = index.rows().map(({ first, last, place }) => [first, last, place]);
      return [group, index.droppedThrough, kept.length, crc32(JSON.stringify(kept))];
    });
    return JSON.stringify([rows, [...this.#latest].sort(([one], [other]) => one - other)]);
  }
}
