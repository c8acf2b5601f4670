import type { Bytes } from "../base/bytes.ts";

/**
 * What happened in a run, folded into 16 hex digits as it happens; and, when asked, written as lines to read.
 *
 * Two lanes of 32 bits: a run that differs in one number differs in the digest, but for a chance of one in 2^64.
 */
export class Trace {
  #low = 0x2545f491;
  #high = 0x9e3779b9 | 0;
  /** Numbers folded in so far. */
  count = 0;
  /** Takes each line; absent: none are made. */
  readonly write: ((line: string) => void) | undefined;

  constructor(write?: (line: string) => void) {
    this.write = write;
  }

  /** Folds in a whole number. */
  number(value: number): void {
    this.count++;
    const word = value | 0;
    const rest = value > 0x7fffffff ? Math.floor(value / 2 ** 32) : 0;
    this.#low = Math.imul(this.#low ^ word, 0x85ebca6b);
    this.#low = (this.#low << 13) | (this.#low >>> 19);
    this.#high = Math.imul(this.#high + (word ^ rest), 0xc2b2ae35) ^ (this.#low >>> 15);
    this.#high = (this.#high << 17) | (this.#high >>> 15);
  }

  /** Folds in the length and all of the bytes. */
  bytes(bytes: Bytes): void {
    this.number(bytes.length);
    let word = 0;
    for (let at = 0; at < bytes.length; at++) {
      word = (word << 8) | (bytes[at] as number);
      if ((at & 3) === 3) this.number(word);
    }
    if ((bytes.length & 3) !== 0) this.number(word);
  }

  /** Folds in a text. */
  text(text: string): void {
    this.number(text.length);
    for (let at = 0; at < text.length; at++) this.number(text.charCodeAt(at));
  }

  /** The digest of all so far. */
  digest(): string {
    return hex(this.#low ^ this.count) + hex(this.#high);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
