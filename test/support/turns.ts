import { openSync, readSync } from "node:fs";

/** How long this thread is at work between two turns of its event loop, seen about each ms. */
export class Turns {
  readonly #file = openSchedule();
  readonly #text = Buffer.alloc(100);
  #before = this.#workedMs();
  #longest = 0;

  constructor() {
    setInterval(() => {
      const now = this.#workedMs();
      this.#longest = Math.max(this.#longest, now - this.#before);
      this.#before = now;
    }, 1).unref();
  }

  /** The longest since the last time this was asked, in ms of the thread's own time on a core; `undefined`: unknown. */
  longest(): number | undefined {
    const longest = this.#longest;
    this.#longest = 0;
    return this.#file === undefined ? undefined : longest;
  }

  #workedMs(): number {
    if (this.#file === undefined) return 0;
    const length = readSync(this.#file, this.#text, 0, this.#text.length, 0);
    return Number(this.#text.toString("latin1", 0, length).split(" ")[0]) / 1e6;
  }
}

/** Where Linux says how long a thread ran, in ns, and how long it waited to. */
function openSchedule(): number | undefined {
  try {
    return openSync("/proc/thread-self/schedstat", "r");
  } catch {
    return undefined;
  }
}
