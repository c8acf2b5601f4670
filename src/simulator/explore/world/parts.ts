import { canonical, hashText, type Renaming } from "./canonical.ts";

/**
 * The different parts of one sort (members' states, messages, histories) that occur in worlds, each with a number.
 *
 * Worlds are made of few different parts: a part is kept, encoded and hashed once, under each renaming of the members.
 */
export class Parts<T> {
  readonly #renamings: readonly Renaming[];
  readonly #numbers = new Map<string, number>();
  readonly #items: T[] = [];
  /** For part `p` and renaming `r`, both halves of the hash, at `(p * renamings + r) * 2`. */
  #hashes = new Uint32Array(1024);

  constructor(renamings: readonly Renaming[]) {
    this.#renamings = renamings;
  }

  get count(): number {
    return this.#items.length;
  }

  /** Replaced by a larger one as parts are added. */
  get hashes(): Uint32Array {
    return this.#hashes;
  }

  /** The number of a part; `essence` is all that tells it from others. */
  number(item: T, essence: unknown): number {
    const [first, ...others] = this.#renamings as [Renaming, ...Renaming[]];
    const text = canonical(essence, first);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#items.push(item) - 1;
    this.#numbers.set(text, number);
    this.#hash(number, [text, ...others.map((renaming) => canonical(essence, renaming))]);
    return number;
  }

  /** The part of this number. */
  at(number: number): T {
    return this.#items[number] as T;
  }

  #hash(number: number, texts: readonly string[]): void {
    let at = number * texts.length * 2;
    if (at + texts.length * 2 > this.#hashes.length) {
      const larger = new Uint32Array(Math.max(this.#hashes.length, texts.length) * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    for (const text of texts) {
      const [low, high] = hashText(text);
      this.#hashes[at++] = low;
      this.#hashes[at++] = high;
    }
  }
}
