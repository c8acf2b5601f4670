import { invariant } from "../../base/invariant.ts";
import type { Terms } from "./explorable.ts";
import type { Letter, LocalSteps } from "./world/local-steps.ts";
import type { Seat } from "./world/seat.ts";

/** Worlds on their way from one share to another: plain data, to be posted between threads. */
export interface Parcel<T extends Terms> {
  /** Parts that the receiver has not seen yet, with the sender's numbers for them. */
  readonly seats: readonly (readonly [number, Seat<T>])[];
  readonly letters: readonly (readonly [number, Letter<T>])[];
  readonly histories: readonly (readonly [number, T["history"]])[];
  /** For each world where it comes from, its length, and its numbers. */
  readonly rows: Int32Array<ArrayBuffer>;
}

/** Packs worlds for one receiver: each part is described to it once. */
export class Packer<T extends Terms> {
  readonly #steps: LocalSteps<T>;
  readonly #memberCount: number;
  readonly #seen = { seats: new Set<number>(), letters: new Set<number>(), histories: new Set<number>() };
  #seats: [number, Seat<T>][] = [];
  #letters: [number, Letter<T>][] = [];
  #histories: [number, T["history"]][] = [];
  #rows = new Int32Array(1024);
  #length = 0;

  constructor(steps: LocalSteps<T>) {
    this.#steps = steps;
    this.#memberCount = steps.explorable.ids.length;
  }

  /** Adds the first `length` numbers of a world that comes from `from`. */
  add(from: number, world: Int32Array, length: number): void {
    const { seats, letters, histories } = this.#steps;
    const count = this.#memberCount;
    for (let at = 0; at < count; at++) describe(world[at] as number, seats, this.#seen.seats, this.#seats);
    describe(world[count] as number, histories, this.#seen.histories, this.#histories);
    for (let at = count + 2; at < length; at++) {
      describe(world[at] as number, letters, this.#seen.letters, this.#letters);
    }
    if (this.#length + length + 2 > this.#rows.length) this.#grow(length + 2);
    this.#rows[this.#length++] = from;
    this.#rows[this.#length++] = length;
    for (let at = 0; at < length; at++) this.#rows[this.#length++] = world[at] as number;
  }

  /** What was added since it was last asked; nothing if that is nothing. */
  take(): Parcel<T> | undefined {
    if (this.#length === 0) return undefined;
    const rows = this.#rows.slice(0, this.#length);
    const parcel = { seats: this.#seats, letters: this.#letters, histories: this.#histories, rows };
    this.#seats = [];
    this.#letters = [];
    this.#histories = [];
    this.#length = 0;
    return parcel;
  }

  #grow(more: number): void {
    const larger = new Int32Array(2 * (this.#rows.length + more));
    larger.set(this.#rows);
    this.#rows = larger;
  }
}

function describe<P>(
  number: number,
  parts: { at(number: number): P },
  seen: Set<number>,
  described: [number, P][],
): void {
  if (seen.has(number)) return;
  seen.add(number);
  described.push([number, parts.at(number)]);
}

/** Unpacks the worlds of one sender, whose parts have other numbers here. */
export class Unpacker<T extends Terms> {
  readonly #steps: LocalSteps<T>;
  readonly #memberCount: number;
  readonly #isSorted: boolean;
  /** Our numbers by the sender's. */
  readonly #seats: number[] = [];
  readonly #letters: number[] = [];
  readonly #histories: number[] = [];

  /** `isSorted`: the order of letters has no meaning. */
  constructor(steps: LocalSteps<T>, isSorted: boolean) {
    this.#steps = steps;
    this.#memberCount = steps.explorable.ids.length;
    this.#isSorted = isSorted;
  }

  /** Hands on each world of a parcel, and where it comes from. */
  unpack(parcel: Parcel<T>, take: (from: number, world: Int32Array) => void): void {
    for (const [number, seat] of parcel.seats) this.#seats[number] = this.#steps.seatNumber(seat);
    for (const [number, letter] of parcel.letters) this.#letters[number] = this.#steps.letterNumber(letter);
    for (const [number, history] of parcel.histories) this.#histories[number] = this.#steps.historyNumber(history);
    const { rows } = parcel;
    for (let at = 0; at < rows.length; at += 2 + (rows[at + 1] as number)) {
      const world = rows.subarray(at + 2, at + 2 + (rows[at + 1] as number));
      this.#translate(world);
      take((rows[at] as number) >>> 0, world);
    }
  }

  #translate(world: Int32Array): void {
    const count = this.#memberCount;
    for (let at = 0; at < count; at++) world[at] = ours(this.#seats, world[at] as number);
    world[count] = ours(this.#histories, world[count] as number);
    for (let at = count + 2; at < world.length; at++) world[at] = ours(this.#letters, world[at] as number);
    if (this.#isSorted) world.subarray(count + 2).sort();
  }
}

function ours(numbers: readonly number[], theirs: number): number {
  const number = numbers[theirs];
  invariant(number !== undefined, "a part is described before it is used");
  return number;
}
