import { StringDecoder } from "node:string_decoder";

/** Longest line that is read, in characters. */
const lineCharactersMax = 16 * 2 ** 20;

/** Cuts a stream of bytes into lines; one without an end in sight is given up, and all up to the next line with it. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #take: (line: string) => void;
  readonly #refuse: (start: string) => void;
  #rest = "";
  #isSkipping = false;

  constructor(take: (line: string) => void, refuse: (start: string) => void) {
    this.#take = take;
    this.#refuse = refuse;
  }

  push(bytes: Buffer): void {
    const text = this.#decoder.write(bytes);
    let from = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      const line = this.#rest + text.slice(from, end);
      this.#rest = "";
      from = end + 1;
      if (this.#isSkipping) this.#isSkipping = false;
      else if (line.trim() !== "") this.#take(line);
    }
    this.#rest += text.slice(from);
    if (this.#rest.length <= lineCharactersMax) return;
    if (!this.#isSkipping) this.#refuse(this.#rest.slice(0, 200));
    this.#isSkipping = true;
    this.#rest = "";
  }

  /** What came after the last line's end is a line, too. */
  end(): void {
    if (this.#rest.trim() !== "" && !this.#isSkipping) this.#take(this.#rest);
    this.#rest = "";
  }
}
