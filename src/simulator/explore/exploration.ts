import { type InvariantViolation, invariant } from "../../base/invariant.ts";
import type { Bounds, Explorable, Terms } from "./explorable.ts";
import { Rows } from "./rows.ts";
import { tellViolation, type Violation } from "./story.ts";
import { none, Visited } from "./visited.ts";
import { Worlds } from "./worlds.ts";

/** How far an exploration has come. */
export interface Progress {
  /** Different worlds found; those that differ in names alone count as one. */
  readonly states: number;
  /** Steps from one of them to another. */
  readonly transitions: number;
  /** Steps from the start to the farthest of them. */
  readonly depth: number;
  /** Worlds whose successors are not known yet. */
  readonly waiting: number;
  /** Different states of single members in them. */
  readonly localStates: number;
}

/** What an exploration found. */
export interface Finding extends Progress {
  /** Nothing within the bounds was left out, and every promise held. */
  readonly complete: boolean;
  /** What kept it from going on. */
  readonly bound: "steps" | "states" | "stopped" | undefined;
  readonly violation: Violation | undefined;
}

/**
 * Breadth first through every order of events within bounds: so the first violation found is one of the shortest.
 *
 * Runs in slices, as far as it is told to advance.
 */
export class Exploration<T extends Terms> {
  readonly #bounds: Bounds;
  readonly #worlds: Worlds<T>;
  readonly #visited = new Visited();
  readonly #waiting = new Rows();
  #transitions = 0;
  /** Steps from the start to the worlds that are being expanded, and how many of those are left. */
  #level = 0;
  #levelLeft = 1;
  #depth = 0;
  #parent = 0;
  #isDone = false;
  #bound: "steps" | "states" | undefined;
  #violation: Violation | undefined;
  readonly #successors = {
    next: (world: Int32Array, length: number): void => this.#meet(world, length),
    broken: (violation: InvariantViolation): void => this.#fail(this.#parent, violation),
  };

  constructor(explorable: Explorable<T>, bounds: Bounds) {
    this.#bounds = bounds;
    this.#worlds = new Worlds(explorable, bounds);
    const first = this.#worlds.first();
    this.#worlds.hash(first, first.length);
    this.#visited.add(this.#worlds.low, this.#worlds.high, none);
    this.#waiting.push(0, first, first.length);
  }

  /** Looks for the successors of at most `count` worlds; false when there is nothing left to do. */
  advance(count: number): boolean {
    for (let left = count; left > 0 && !this.#isDone; left--) this.#expandOne();
    return !this.#isDone;
  }

  /** How far it has come. */
  progress(): Progress {
    return {
      states: this.#visited.count,
      transitions: this.#transitions,
      depth: this.#depth,
      waiting: this.#waiting.count,
      localStates: this.#worlds.steps.seats.count,
    };
  }

  /** What it has found; `stopped` while there is more to do. */
  finding(): Finding {
    const violation = this.#violation;
    const bound = this.#bound ?? (this.#isDone ? undefined : "stopped");
    return { ...this.progress(), complete: bound === undefined && violation === undefined, bound, violation };
  }

  #expandOne(): void {
    if (this.#levelLeft === 0) this.#descend();
    if (this.#isDone) return;
    const next = this.#waiting.shift();
    invariant(next !== undefined, "a level has as many worlds as were counted");
    this.#levelLeft--;
    this.#parent = next.tag;
    this.#worlds.expand(next.row, next.row.length, this.#successors);
  }

  #descend(): void {
    this.#levelLeft = this.#waiting.count;
    if (this.#levelLeft === 0) this.#isDone = true;
    else if (++this.#level === this.#bounds.steps) this.#end("steps");
  }

  #end(bound: "steps" | "states"): void {
    this.#bound = bound;
    this.#isDone = true;
  }

  #meet(world: Int32Array, length: number): void {
    if (this.#isDone) return;
    const worlds = this.#worlds;
    const state = this.#visited.count;
    this.#transitions++;
    worlds.hash(world, length);
    if (!this.#visited.add(worlds.low, worlds.high, this.#parent)) return;
    this.#depth = this.#level + 1;
    this.#waiting.push(state, world, length);
    const violation = worlds.check(world);
    if (violation !== undefined) this.#fail(state, violation);
    else if (this.#visited.count >= this.#bounds.states) this.#end("states");
  }

  /** A promise is broken in `state`, or in a step from there. */
  #fail(state: number, violation: InvariantViolation): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#violation = tellViolation(this.#worlds, this.#visited.wayTo(state), violation);
  }
}
