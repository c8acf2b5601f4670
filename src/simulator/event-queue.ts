import { invariant } from "../base/invariant.ts";

interface Event {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** Simulated time: what is due happens in order of time, and then in the order in which it was asked for. */
export class EventQueue {
  /** In ms since the beginning. */
  now = 0;
  #sequence = 0;
  #isStopped = false;
  /** A binary heap: each event is due no later than its two children. */
  readonly #heap: Event[] = [];

  /** Runs something `ms` from now. */
  after(ms: number, run: () => void): void {
    invariant(ms >= 0, "nothing happens in the past");
    const event = { at: this.now + ms, sequence: this.#sequence++, run };
    let place = this.#heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent] as Event;
      if (isBefore(above, event)) break;
      this.#heap[place] = above;
      place = parent;
    }
    this.#heap[place] = event;
  }

  /** Lets time pass until `end`, in ms; what is due happens on the way. False: it was stopped before. */
  runUntil(end: number): boolean {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      if (this.#isStopped) break;
      this.#removeFirst();
      this.now = next.at;
      next.run();
    }
    if (this.#isStopped) {
      this.#isStopped = false;
      return false;
    }
    this.now = Math.max(this.now, end);
    return true;
  }

  /** Nothing more happens after the event under way until `runUntil` is called again. */
  stop(): void {
    this.#isStopped = true;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      const right = this.#heap[child + 1];
      if (right !== undefined && isBefore(right, this.#heap[child] as Event)) child++;
      const below = this.#heap[child];
      if (below === undefined || isBefore(last, below)) break;
      this.#heap[place] = below;
      place = child;
    }
    this.#heap[place] = last;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
}
