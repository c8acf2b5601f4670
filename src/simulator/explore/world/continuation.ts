import { InvariantViolation, invariant } from "../../../base/invariant.ts";
import type { Rest, Terms } from "../explorable.ts";
import { none, Visited } from "../visited.ts";
import { renamings } from "./canonical.ts";
import { attempt, type LocalSteps, type Step } from "./local-steps.ts";
import { Parts } from "./parts.ts";
import type { Seat } from "./seat.ts";

/** Rounds in which all comes to rest, and deliveries in one of them, or it never does. */
const roundsMax = 100;
const deliveriesMax = 10_000;

/** Is told of each step that is about to be taken in a world without letters. */
export type Onlooker = (world: Int32Array, step: Step) => void;

/**
 * How worlds go on when nothing fails any more: whatever is on its way is lost, and all that is said from then on
 * arrives, in the order in which it was sent; in each round all alarms ring that may.
 *
 * Where the ways of two worlds meet they are one from there on, and are gone only once.
 */
export class Continuation<T extends Terms> {
  readonly #steps: LocalSteps<T>;
  readonly #rest: Rest<T>;
  readonly #memberCount: number;
  /** Worlds between two rounds that come to a good end. */
  readonly #good = new Visited();
  /** Seats by what of them matters here. */
  readonly #kinds: number[] = [];
  readonly #essences = new Parts<number>(renamings([]));
  /** Members' seats and the history, and letters that have to be delivered. */
  #row = new Int32Array(0);
  #letters: number[] = [];
  /** All letters of the round. */
  #said: number[] = [];
  #onlooker: Onlooker | undefined;

  constructor(steps: LocalSteps<T>, rest: Rest<T>) {
    this.#steps = steps;
    this.#rest = rest;
    this.#memberCount = steps.explorable.ids.length;
  }

  /** What goes wrong on the way from a world to its rest. */
  broken(world: Int32Array, onlooker?: Onlooker): InvariantViolation | undefined {
    this.#row = world.slice(0, this.#memberCount + 1);
    this.#letters = [];
    this.#onlooker = onlooker;
    const way: Int32Array[] = [];
    const found = attempt(() => {
      while (!this.#isGood() && !this.#rest.isLost(this.#members())) {
        way.push(this.#row.slice());
        invariant(way.length <= roundsMax, "a group comes to rest");
        this.#goRound();
        if (this.#row.every((number, at) => number === way.at(-1)?.[at])) return this.#checkRest();
      }
    });
    if (found instanceof InvariantViolation) return found;
    for (const row of way) this.#good.add(...this.#hash(row), none);
    return undefined;
  }

  #isGood(): boolean {
    return this.#good.has(...this.#hash(this.#row));
  }

  /** What tells a world without letters from others. */
  #hash(row: Int32Array): [low: number, high: number] {
    let low = 0;
    let high = 0;
    for (const [at, part] of row.entries()) {
      const number = at < this.#memberCount ? this.#kindOf(part) : part;
      low = Math.imul(low ^ number, 0x9e3779b1) + 1;
      high = Math.imul(high ^ number, 0x85ebca77) ^ (high >>> 13);
    }
    return [low >>> 0, high >>> 0];
  }

  #kindOf(seat: number): number {
    const { seats } = this.#steps;
    this.#kinds[seat] ??= this.#essences.number(seat, this.#essence(seats.at(seat)));
    return this.#kinds[seat];
  }

  #essence({ id, state, pending, disk }: Seat<T>): unknown {
    return [id, this.#rest.essence(state), pending, this.#rest.essence(disk)];
  }

  #goRound(): void {
    this.#said = [];
    for (let member = 0; member < this.#memberCount; member++) {
      const { mayEnd } = this.#steps.chances(this.#row[member] as number);
      for (let alarm = 0; alarm < mayEnd.length; alarm++) {
        const seat = this.#row[member] as number;
        if (this.#steps.chances(seat).mayEnd[alarm]) this.#take(member, "end", alarm);
        this.#deliverAll();
      }
    }
  }

  #deliverAll(): void {
    for (let count = 0; this.#letters.length > 0; count++) {
      invariant(count < deliveriesMax, "answers come to an end");
      const letter = this.#letters.shift() as number;
      this.#take(this.#steps.receivers[letter] as number, "deliver", letter);
    }
  }

  /** One step of one member; disks are as fast as can be. */
  #take(member: number, kind: "end" | "deliver" | "persist", argument: number): void {
    const outcome = this.#steps.take(this.#row[member] as number, kind, argument);
    this.#onlooker?.(this.#row, { kind, member, argument });
    if (outcome.broken !== undefined) throw outcome.broken;
    const history = this.#steps.remember(this.#row[this.#memberCount] as number, outcome);
    if (history instanceof InvariantViolation) throw history;
    this.#row[member] = outcome.seat;
    this.#row[this.#memberCount] = history;
    this.#letters.push(...outcome.letters);
    this.#said.push(...outcome.letters);
    const { pendingCount } = this.#steps.chances(outcome.seat);
    if (pendingCount > 0) this.#take(member, "persist", pendingCount);
  }

  #checkRest(): void {
    const { explorable, histories, letters } = this.#steps;
    for (const letter of this.#said) {
      const { from, message } = letters.at(letter);
      const claim = `a group at rest says nothing but signs of life: ${from} says ${explorable.words.message(message)}`;
      invariant(this.#rest.isSignOfLife(message), claim);
    }
    this.#rest.check(this.#members(), histories.at(this.#row[this.#memberCount] as number));
  }

  #members(): Seat<T>[] {
    return Array.from(this.#row.subarray(0, this.#memberCount), (seat) => this.#steps.seats.at(seat));
  }
}
