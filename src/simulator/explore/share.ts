import type { InvariantViolation } from "../../base/invariant.ts";
import { invariant } from "../../base/invariant.ts";
import type { Bounds, Explorable, Terms } from "./explorable.ts";
import { Packer, type Parcel, Unpacker } from "./parcels.ts";
import { Rows } from "./rows.ts";
import { tellViolation, type Violation } from "./story.ts";
import { none, type Place, Visited } from "./visited.ts";
import { Worlds } from "./world/worlds.ts";

/** A world where a promise is broken, or breaks in the next step: its number among those of all shares. */
export interface Breach {
  readonly at: number;
  readonly claim: string;
}

/** How far a share has come. */
export interface ShareReport {
  readonly states: number;
  readonly transitions: number;
  /** Worlds of the present depth, and of the next one, that are still to be expanded. */
  readonly levelLeft: number;
  readonly waiting: number;
  readonly localStates: number;
  readonly breach: Breach | undefined;
}

/**
 * One of `count` equal shares of an exploration: the worlds whose hash falls to it.
 *
 * Goes level by level, all shares together: all worlds at one depth are expanded before any at the next.
 */
export class Share<T extends Terms> {
  readonly #worlds: Worlds<T>;
  readonly #number: number;
  readonly #count: number;
  readonly #visited = new Visited();
  readonly #waiting = new Rows();
  readonly #packers: Packer<T>[];
  readonly #unpackers: Unpacker<T>[];
  #transitions = 0;
  #levelLeft: number;
  /** The world under expansion. */
  #parent = 0;
  #breach: Breach | undefined;
  readonly #successors = {
    next: (world: Int32Array, length: number): void => this.#send(world, length),
    broken: (violation: InvariantViolation): void => this.#fail(this.#parent, violation),
  };

  constructor(explorable: Explorable<T>, bounds: Bounds, number = 0, count = 1) {
    this.#number = number;
    this.#count = count;
    this.#worlds = new Worlds(explorable, bounds);
    const { steps } = this.#worlds;
    this.#packers = Array.from({ length: count }, () => new Packer(steps));
    this.#unpackers = Array.from({ length: count }, () => new Unpacker(steps, bounds.order === "any"));
    const first = this.#worlds.first();
    this.#worlds.hash(first, first.length);
    if (this.#owner() === number) this.#meet(first, first.length, none);
    this.#levelLeft = this.#waiting.count;
  }

  /** Expands at most `most` worlds of the present level; ends with the first breach. */
  expand(most: number): void {
    for (let left = Math.min(most, this.#levelLeft); left > 0 && this.#breach === undefined; left--) {
      const next = this.#waiting.shift();
      invariant(next !== undefined, "a level has as many worlds as were counted");
      this.#levelLeft--;
      this.#parent = next.tag * this.#count + this.#number;
      this.#worlds.expand(next.row, next.row.length, this.#successors);
    }
  }

  /** Goes on to the next level: all worlds found so far. */
  descend(): void {
    this.#levelLeft = this.#waiting.count;
  }

  /** What belongs to the other shares, by share. */
  outgoing(): (Parcel<T> | undefined)[] {
    return this.#packers.map((packer) => packer.take());
  }

  /** Takes in what another share found. */
  absorb(sender: number, parcel: Parcel<T>): void {
    this.#unpackers[sender]?.unpack(parcel, (from, world) => {
      this.#worlds.hash(world, world.length);
      this.#meet(world, world.length, from);
    });
  }

  report(): ShareReport {
    return {
      states: this.#visited.count,
      transitions: this.#transitions,
      levelLeft: this.#levelLeft,
      waiting: this.#waiting.count,
      localStates: this.#worlds.steps.seats.count,
      breach: this.#breach,
    };
  }

  /** The hash of a world of this share, and where it was reached from. */
  place(state: number): Place {
    return this.#visited.place(Math.floor(state / this.#count));
  }

  /** The story of a breach, to which `way` leads from the start. */
  tell(way: readonly Place[], claim: string): Violation {
    return tellViolation(this.#worlds, way, claim);
  }

  #owner(): number {
    return this.#count === 1 ? 0 : this.#worlds.high % this.#count;
  }

  #send(world: Int32Array, length: number): void {
    this.#transitions++;
    this.#worlds.hash(world, length);
    const owner = this.#owner();
    if (owner === this.#number) this.#meet(world, length, this.#parent);
    else this.#packers[owner]?.add(this.#parent, world, length);
  }

  #meet(world: Int32Array, length: number, from: number): void {
    const state = this.#visited.count;
    if (!this.#visited.add(this.#worlds.low, this.#worlds.high, from)) return;
    this.#waiting.push(state, world, length);
    const violation = this.#worlds.check(world);
    if (violation !== undefined) this.#fail(state * this.#count + this.#number, violation);
  }

  #fail(at: number, { message }: InvariantViolation): void {
    this.#breach ??= { at, claim: message };
  }
}
