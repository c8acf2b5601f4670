import { OperatingError } from "../../runtime/errors.ts";
import type { Group } from "../../runtime/group/group.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { note } from "../terminal.ts";
import { linesOf } from "./lines.ts";

/** Lines on their way at once: enough to fill the frames, and no more is read before it can be sent. */
const linesMax = 1024;

/** The same in bytes, well within what a group lets wait. */
const bytesMax = 8 * 2 ** 20;

const lineBytesMax = 256 * 1024;

/** The lines of an input on their way into a group. */
export class Sending {
  readonly #group: Group<string>;
  #underway = 0;
  #bytes = 0;
  #undelivered = 0;
  #waiting: (() => void)[] = [];

  constructor(group: Group<string>) {
    this.#group = group;
  }

  /** Lines that were not delivered here; whether they were elsewhere is not known of all of them. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** Resolves when all lines were delivered, or at `stop`: at once, or with `stays` only then. */
  async sendAll(input: AsyncIterable<Buffer | string>, stop: AbortSignal, stays: boolean): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener("abort", () => resolve(), { once: true });
    });
    const sent = this.#sendLines(input, stop).then(() => (stays ? stopped : undefined));
    try {
      await Promise.race([sent, stopped]);
    } catch (error) {
      if (error instanceof RangeError) throw new CommandFailure(exitCode.failed, error.message, { cause: error });
      throw error;
    }
  }

  /** Resolves when the fate of each line that was sent is known, as far as it will be. */
  async settled(): Promise<void> {
    while (this.#underway > 0) await this.#news();
  }

  async #sendLines(input: AsyncIterable<Buffer | string>, stop: AbortSignal): Promise<void> {
    for await (const line of linesOf(input, lineBytesMax)) {
      while (this.#underway >= linesMax || this.#bytes >= bytesMax) await this.#news();
      if (stop.aborted) return;
      void this.#send(line);
    }
    await this.settled();
  }

  async #send(line: string): Promise<void> {
    const bytes = Buffer.byteLength(line);
    this.#underway++;
    this.#bytes += bytes;
    try {
      await this.#group.multicast(line, { timeoutMs: Number.POSITIVE_INFINITY });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      if (this.#undelivered++ === 0) note(`a line was not delivered here: ${error.message}`);
    } finally {
      this.#underway--;
      this.#bytes -= bytes;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    }
  }

  /** Resolves when the fate of one more line is known. */
  async #news(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
