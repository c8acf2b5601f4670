/** No state: what the first one comes from, or what a full table answers. */
export const none = 0xffffffff;

/** A state's hash, in two halves, and the number of the state it was found from. */
export interface Place {
  readonly low: number;
  readonly high: number;
  readonly from: number;
}

/**
 * The states seen so far, by 64-bit hash: numbered in the order in which they were found, each with where it came from.
 *
 * Open addressing in typed arrays, at most half full: 16 to 32 bytes a state.
 */
export class Visited {
  /** Number of the state plus 1; 0 is free. */
  #slots = new Uint32Array(2 ** 12);
  #low = new Uint32Array(2 ** 11);
  #high = new Uint32Array(2 ** 11);
  #from = new Uint32Array(2 ** 11);
  count = 0;

  /** Adds a state; false when it was there already. */
  add(low: number, high: number, from: number): boolean {
    if (this.count * 2 >= this.#slots.length) this.#grow();
    const slot = this.#find(low, high);
    if (this.#slots[slot] !== 0) return false;
    this.#low[this.count] = low;
    this.#high[this.count] = high;
    this.#from[this.count] = from;
    this.#slots[slot] = ++this.count;
    return true;
  }

  /** Whether a state was added. */
  has(low: number, high: number): boolean {
    return this.#slots[this.#find(low, high)] !== 0;
  }

  /** What is known of a state. */
  place(state: number): Place {
    return {
      low: this.#low[state] as number,
      high: this.#high[state] as number,
      from: this.#from[state] as number,
    };
  }

  #find(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    let slot = (low ^ (high >>> 7)) & mask;
    for (;;) {
      const held = this.#slots[slot] as number;
      if (held === 0 || (this.#low[held - 1] === low && this.#high[held - 1] === high)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const states = this.#slots.length; // twice as many slots as states
    this.#slots = new Uint32Array(states * 2);
    this.#low = enlarge(this.#low, states);
    this.#high = enlarge(this.#high, states);
    this.#from = enlarge(this.#from, states);
    for (let state = 0; state < this.count; state++) {
      this.#slots[this.#find(this.#low[state] as number, this.#high[state] as number)] = state + 1;
    }
  }
}

function enlarge(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(array);
  return larger;
}
