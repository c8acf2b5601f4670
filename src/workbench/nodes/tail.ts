const linesMax = 32;
const lineCharactersMax = 500;

/** The last lines of a stream, for whoever asks why. */
export class Tail {
  readonly #lines: string[] = [];

  push(line: string): void {
    this.#lines.push(line.length > lineCharactersMax ? `${line.slice(0, lineCharactersMax)}…` : line);
    if (this.#lines.length > linesMax) this.#lines.shift();
  }

  /** Nothing was said: the empty text. */
  text(): string {
    return this.#lines.join("\n");
  }
}
