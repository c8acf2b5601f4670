/** Entries that a new table has room for. */
const firstCount = 256;
/** Words of an entry before its sets: the next one in its bucket, then what is looked up. */
const headWords = 3;

/**
 * The places that have been searched, or are being searched: Lowe's memo.
 *
 * A place is how far the search has come (all answered calls before `turn` are placed, `turn` is not), in which state,
 * with which answered calls `ahead` of their turn (one bit a slot) and which `open` ones (one bit a call).
 *
 * Of two places that differ in open calls alone, the one that has used up fewer can do whatever the other can. So a
 * place is known if one with a part of its open calls is. Places are compared in full: a hash only finds the bucket.
 */
export class Memo {
  readonly #aheadWords: number;
  readonly #openWords: number;
  readonly #width: number;
  #entries: Int32Array;
  #buckets: Int32Array;
  #count = 0;
  /** Places that lookups have compared with, for a bound on work. */
  compared = 0;

  constructor(aheadWords: number, openWords: number) {
    this.#aheadWords = aheadWords;
    this.#openWords = openWords;
    this.#width = headWords + aheadWords + openWords;
    this.#entries = new Int32Array(firstCount * this.#width);
    this.#buckets = new Int32Array(firstCount * 2).fill(-1);
  }

  get bytes(): number {
    return this.#entries.byteLength + this.#buckets.byteLength;
  }

  /** No further place fits before `grow`, which for a moment takes thrice `bytes`. */
  get isFull(): boolean {
    return this.#count * this.#width === this.#entries.length;
  }

  grow(): void {
    const entries = new Int32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
    this.#buckets = new Int32Array(this.#buckets.length * 2).fill(-1);
    for (let at = 0; at < this.#count * this.#width; at += this.#width) {
      const bucket = this.#bucketOf(entries, at + 1);
      entries[at] = this.#buckets[bucket] ?? -1;
      this.#buckets[bucket] = at;
    }
  }

  /** Notes a place; false if it was known already. There must be room. */
  add(turn: number, state: number, ahead: Int32Array, open: Int32Array): boolean {
    const entries = this.#entries;
    const end = this.#count * this.#width;
    entries[end + 1] = turn;
    entries[end + 2] = state;
    for (let word = 0; word < this.#aheadWords; word++) entries[end + headWords + word] = ahead[word] ?? 0;
    const openAt = end + headWords + this.#aheadWords;
    for (let word = 0; word < this.#openWords; word++) entries[openAt + word] = open[word] ?? 0;
    const bucket = this.#bucketOf(entries, end + 1);
    const first = this.#buckets[bucket] ?? -1;
    for (let at = first; at >= 0; at = entries[at] ?? -1) {
      this.compared++;
      if (this.#isAlike(at, end) && this.#usesNoMore(at, end)) return false;
    }
    entries[end] = first;
    this.#buckets[bucket] = end;
    this.#count++;
    return true;
  }

  /** Whether two entries differ at most in their open calls. */
  #isAlike(left: number, right: number): boolean {
    const entries = this.#entries;
    const count = headWords + this.#aheadWords;
    for (let word = 1; word < count; word++) if (entries[left + word] !== entries[right + word]) return false;
    return true;
  }

  /** Whether the open calls of `left` are all among those of `right`. */
  #usesNoMore(left: number, right: number): boolean {
    const entries = this.#entries;
    for (let word = headWords + this.#aheadWords; word < this.#width; word++) {
      if (((entries[left + word] ?? 0) & ~(entries[right + word] ?? 0)) !== 0) return false;
    }
    return true;
  }

  #bucketOf(entries: Int32Array, from: number): number {
    let hash = 0;
    for (let at = from; at < from + 2 + this.#aheadWords; at++) {
      hash = Math.imul(hash ^ (entries[at] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & (this.#buckets.length - 1);
  }
}
