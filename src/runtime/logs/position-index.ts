import { invariant } from "../../base/invariant.ts";
import type { LogRecord } from "./log.ts";

/** Where positions `first` … `last` are stored: two numbers that mean something to the log that put them in. */
export interface PositionRow {
  readonly first: number;
  readonly last: number;
  readonly place: number;
  readonly part: number;
}

const stride = 4;

/** Which stored record holds which positions of one group; 32 bytes a record, no objects to collect. */
export class PositionIndex {
  #cells = new Float64Array(16 * stride);
  #head = 0;
  #end = 0;
  #droppedThrough = 0;
  #reached = 0; // the highest position ever put in

  /** Positions up to here are dropped. */
  get droppedThrough(): number {
    return this.#droppedThrough;
  }

  /** Adds a record's positions in place of all from `first` on; `count` 0 only takes away. */
  put(first: number, count: number, place: number, part: number): void {
    this.#replaceFrom(first);
    if (count === 0) return;
    this.#reserve();
    this.#cells.set([first, first + count - 1, place, part], this.#end * stride);
    this.#end++;
    this.#reached = Math.max(this.#reached, first + count - 1);
  }

  dropThrough(position: number): void {
    this.#droppedThrough = Math.max(this.#droppedThrough, position);
    while (this.#head < this.#end && this.#cell(this.#head, 1) <= this.#droppedThrough) this.#head++;
  }

  /**
   * The position whose dropping lets go of a record just put in, once all records before it are gone too.
   *
   * It is the highest position so far: a record that replaced others must not go before them, or they would be back.
   */
  pinOf({ positions, dropThrough }: LogRecord): number {
    return positions === undefined && dropThrough !== undefined ? dropThrough : Math.max(this.#reached, 1);
  }

  /**
   * The rows that cover positions from `from` on, in order without gap, at most `countMax`; none if `from` is not
   * stored.
   */
  run(from: number, countMax: number): readonly PositionRow[] {
    if (from <= this.#droppedThrough) return [];
    const rows: PositionRow[] = [];
    let position = from;
    for (let row = this.#find(from); row < this.#end && rows.length < countMax; row++) {
      const found = this.#row(row);
      if (found.first > position) break;
      rows.push(found);
      position = found.last + 1;
    }
    return rows;
  }

  /** All rows, in order; there may be gaps between them. */
  rows(): readonly PositionRow[] {
    return Array.from({ length: this.#end - this.#head }, (_, at) => this.#row(this.#head + at));
  }

  #replaceFrom(first: number): void {
    while (this.#head < this.#end && this.#cell(this.#end - 1, 0) >= first) this.#end--;
    if (this.#head === this.#end) return;
    const last = (this.#end - 1) * stride + 1;
    this.#cells[last] = Math.min(this.#cells[last] ?? 0, first - 1);
  }

  /** The first row that ends at or after `position`. */
  #find(position: number): number {
    let low = this.#head;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cell(middle, 1) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #row(row: number): PositionRow {
    const [first, last, place, part] = [0, 1, 2, 3].map((field) => this.#cell(row, field));
    return { first: first ?? 0, last: last ?? 0, place: place ?? 0, part: part ?? 0 };
  }

  #cell(row: number, field: number): number {
    const value = this.#cells[row * stride + field];
    invariant(value !== undefined, "a row lies inside the index");
    return value;
  }

  #reserve(): void {
    if ((this.#end + 1) * stride <= this.#cells.length) return;
    const used = this.#cells.subarray(this.#head * stride, this.#end * stride);
    const roomy = used.length * 2 <= this.#cells.length; // at least half of it was dropped: move, do not grow
    const cells = roomy ? this.#cells : new Float64Array(this.#cells.length * 2);
    if (roomy) cells.copyWithin(0, this.#head * stride, this.#end * stride);
    else cells.set(used);
    this.#cells = cells;
    this.#end -= this.#head;
    this.#head = 0;
  }
}
