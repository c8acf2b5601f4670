/** Most bytes that are taken in before the protocol is told so at once. */
const untoldBytesMax = 2 ** 21;

/** Less than that is told after so many ms. */
const untoldMs = 20;

/** Tells the protocol what the application has taken in: often enough that it need not wait, and not each time. */
export class Credit {
  readonly #tell: (position: number) => void;
  readonly #countMax: number;
  #position = 0;
  #count = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `unconsumedMax`: deliveries that may be under way. */
  constructor(tell: (position: number) => void, unconsumedMax: number) {
    this.#tell = tell;
    this.#countMax = unconsumedMax / 8;
  }

  /** A message of so many bytes, and everything before it, was taken in. */
  taken(position: number, bytes: number): void {
    this.#position = position;
    this.#count++;
    this.#bytes += bytes;
    if (this.#count > this.#countMax || this.#bytes > untoldBytesMax) this.now(position);
    else this.#timer ??= setTimeout(() => this.now(this.#position), untoldMs).unref();
  }

  /** Everything through `position` was taken in: told at once. */
  now(position: number): void {
    this.stop();
    this.#position = position;
    this.#count = 0;
    this.#bytes = 0;
    this.#tell(position);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
