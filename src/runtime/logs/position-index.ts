import { invariant } from "../../base/invariant.ts";
import type { LogRecord, Positions } from "./log.ts";

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

  /** Adds a record's positions in place of what it replaces; `count` 0 only takes away. */
  put({ first, count, inPlace }: Positions, place: number, part: number): void {
    this.#reserve();
    const last = first + count - 1;
    const at = inPlace ? this.#clear(first, last) : this.#replaceFrom(first);
    if (count === 0) return;
    this.#insert(at, { first, last, place, part });
    this.#reached = Math.max(this.#reached, last);
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

  /** Takes away all from `first` on; says where a row from `first` on goes. */
  #replaceFrom(first: number): number {
    while (this.#head < this.#end && this.#cell(this.#end - 1, 0) >= first) this.#end--;
    if (this.#head < this.#end) this.#endRow(this.#end - 1, Math.min(this.#cell(this.#end - 1, 1), first - 1));
    return this.#end;
  }

  /** Takes away `first` … `last`; says where a row of those goes. What a row holds on both sides is two rows then. */
  #clear(first: number, last: number): number {
    let at = this.#find(first);
    if (last < first || at === this.#end || this.#cell(at, 0) > last) return at;
    const cut = this.#row(at);
    if (cut.first < first) {
      this.#endRow(at++, first - 1);
      if (cut.last > last) this.#insert(at, { ...cut, first: last + 1 });
    }
    let end = at;
    while (end < this.#end && this.#cell(end, 1) <= last) end++;
    this.#cells.copyWithin(at * stride, end * stride, this.#end * stride);
    this.#end -= end - at;
    if (at < this.#end && this.#cell(at, 0) <= last) this.#cells[at * stride] = last + 1;
    return at;
  }

  /** Puts a row before the one at `at`; there is room for it. */
  #insert(at: number, { first, last, place, part }: PositionRow): void {
    this.#cells.copyWithin((at + 1) * stride, at * stride, this.#end * stride);
    this.#cells.set([first, last, place, part], at * stride);
    this.#end++;
  }

  #endRow(row: number, last: number): void {
    this.#cells[row * stride + 1] = last;
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

  /** Makes room for two rows more. */
  #reserve(): void {
    if ((this.#end + 2) * stride <= this.#cells.length) return;
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
