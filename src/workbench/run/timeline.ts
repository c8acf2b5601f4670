import { invariant } from "../../base/invariant.ts";

interface Due {
  readonly timeNs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** A moment without any sign of life from the nodes, after which a virtual clock goes on to what is due next, in ms. */
const quietMs = 2;
/** Longest that what is due keeps the nodes' output waiting, in ms. */
const sliceMs = 5;

/**
 * The time of a test, and what is to happen when: in order of time, then in the order in which it was asked for.
 *
 * A `fast` timeline skips the waiting: when nothing was heard for a moment, it goes on to what is due next at once.
 */
export class Timeline {
  readonly #fast: boolean;
  readonly #startedMs = performance.now();
  /** A binary heap: nothing is due before what is above it. */
  readonly #heap: Due[] = [];
  #skippedMs = 0;
  #sequence = 0;
  #activeMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(fast: boolean) {
    this.#fast = fast;
  }

  /** Whole nanoseconds since the test began, those that were skipped included. Never goes back. */
  nowNs(): number {
    return Math.floor((performance.now() - this.#startedMs + this.#skippedMs) * 1e6);
  }

  /** Runs something at a time; soon, if it has passed. */
  at(timeNs: number, run: () => void): void {
    if (this.#closed) return;
    const due = { timeNs, sequence: this.#sequence++, run };
    this.#insert(due);
    if (this.#heap[0] === due) this.#arm();
  }

  /** A node said something, or was told something: a virtual clock gives it time to go on. */
  stir(): void {
    this.#activeMs = performance.now();
  }

  /** Nothing happens any more. */
  close(): void {
    this.#closed = true;
    this.#heap.length = 0;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    const next = this.#heap[0];
    if (next === undefined) return;
    const waitMs = (next.timeNs - this.nowNs()) / 1e6;
    if (waitMs < 0.5) this.#turn = setImmediate(() => this.#run());
    else if (!this.#fast) this.#timer = setTimeout(() => this.#run(), waitMs);
    else this.#timer = setTimeout(() => this.#skip(), Math.min(waitMs, quietMs));
  }

  #skip(): void {
    const next = this.#heap[0];
    if (next !== undefined && performance.now() - this.#activeMs >= quietMs) {
      this.#skippedMs += Math.max((next.timeNs - this.nowNs()) / 1e6, 0);
    }
    this.#run();
  }

  #run(): void {
    const begun = performance.now();
    for (let next = this.#heap[0]; next !== undefined && next.timeNs <= this.nowNs(); next = this.#heap[0]) {
      this.#removeFirst();
      next.run();
      if (performance.now() - begun > sliceMs) break;
    }
    this.#arm();
  }

  #insert(due: Due): void {
    let place = this.#heap.push(due) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent] as Due;
      if (isBefore(above, due)) break;
      this.#heap[place] = above;
      place = parent;
    }
    this.#heap[place] = due;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    invariant(last !== undefined, "only what is there is removed");
    const { length } = this.#heap;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(this.#heap[child + 1] as Due, this.#heap[child] as Due)) child++;
      if (isBefore(last, this.#heap[child] as Due)) break;
      this.#heap[place] = this.#heap[child] as Due;
      place = child;
    }
    this.#heap[place] = last;
  }
}

function isBefore(left: Due, right: Due): boolean {
  return left.timeNs < right.timeNs || (left.timeNs === right.timeNs && left.sequence < right.sequence);
}
