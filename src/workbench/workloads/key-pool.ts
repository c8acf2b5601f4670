import { nextUint32, type Random } from "../../base/random.ts";

interface Key {
  readonly key: number;
  next: number;
}

/** Keys in use at one time: each is twice as likely as the one before it, and when it is full a new one follows. */
export class KeyPool {
  readonly #random: Random;
  readonly #writesMax: number;
  readonly #keys: Key[];
  #nextKey: number;

  constructor(random: Random, keyCount: number, writesMax: number) {
    this.#random = random;
    this.#writesMax = writesMax;
    this.#keys = Array.from({ length: keyCount }, (_, key) => ({ key, next: 1 }));
    this.#nextKey = keyCount;
  }

  any(): number {
    return this.#choose().key;
  }

  /** A key and a value that it never had. */
  write(): [key: number, value: number] {
    const chosen = this.#choose();
    const written: [number, number] = [chosen.key, chosen.next++];
    if (chosen.next > this.#writesMax) this.#keys[this.#keys.indexOf(chosen)] = { key: this.#nextKey++, next: 1 };
    return written;
  }

  #choose(): Key {
    const share = nextUint32(this.#random) / 2 ** 32;
    // Of 1, 2, 4, …, 2^(n-1) shares the last has half, the one before it a quarter, and so on.
    const fromEnd = Math.floor(-Math.log2(1 - share * (1 - 2 ** -this.#keys.length)));
    return this.#keys[Math.max(this.#keys.length - 1 - fromEnd, 0)] as Key;
  }
}
