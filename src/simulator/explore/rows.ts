/** Numbers in one chunk of memory, at least. */
const chunkLength = 2 ** 18;

/** A queue of rows of numbers, of different lengths, in large chunks that are freed as they are used up. */
export class Rows {
  readonly #chunks: Int32Array[] = [];
  /** Where the next row goes in the last chunk, and where the oldest stands in the first. */
  #end = 0;
  #start = 0;
  count = 0;

  /** Adds a row: `tag`, and the first `length` numbers of `row`. */
  push(tag: number, row: Int32Array, length: number): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#end + length + 2 > chunk.length) {
      if (chunk !== undefined && this.#end < chunk.length) chunk[this.#end] = -1; // the rest is empty
      chunk = new Int32Array(Math.max(chunkLength, length + 2));
      this.#chunks.push(chunk);
      this.#end = 0;
    }
    chunk[this.#end++] = length;
    chunk[this.#end++] = tag;
    for (let at = 0; at < length; at++) chunk[this.#end++] = row[at] as number;
    this.count++;
  }

  /** Takes the oldest row: a view, valid as long as it is held. */
  shift(): { readonly tag: number; readonly row: Int32Array } | undefined {
    let chunk = this.#chunks[0];
    if (this.count === 0 || chunk === undefined) return undefined;
    if (this.#start >= chunk.length || (chunk[this.#start] as number) < 0) {
      this.#chunks.shift();
      this.#start = 0;
      chunk = this.#chunks[0] as Int32Array;
    }
    const length = chunk[this.#start] as number;
    const tag = chunk[this.#start + 1] as number;
    const row = chunk.subarray(this.#start + 2, this.#start + 2 + length);
    this.#start += 2 + length;
    this.count--;
    return { tag, row };
  }
}
