const newline = 0x0a;

/** Who is told of lines, each in turn. */
export interface LineOwner {
  /** A whole line, without its end. */
  line(text: string): void;
  /** A line longer than the limit was left out. */
  tooLong(bytes: number): void;
}

/** Cuts a stream of bytes into lines; holds no more than one of them, and no more of that than `bytesMax`. */
export class LineCutter {
  readonly #bytesMax: number;
  readonly #owner: LineOwner;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number, owner: LineOwner) {
    this.#bytesMax = bytesMax;
    this.#owner = owner;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#add(chunk.subarray(start, end));
      this.end();
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
  }

  /** The line so far is a line; an empty one is passed over. */
  end(): void {
    const bytes = this.#bytes;
    const text = Buffer.concat(this.#parts).toString("utf8").trim();
    this.#parts = [];
    this.#bytes = 0;
    if (bytes > this.#bytesMax) this.#owner.tooLong(bytes);
    else if (text !== "") this.#owner.line(text);
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#bytesMax) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }
}
