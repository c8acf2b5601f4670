import { OperatingError } from "../../runtime/errors.ts";
import type { Group } from "../../runtime/group/group.ts";
import { CommandFailure, exitCode } from "../exit.ts";
import { note } from "../terminal.ts";
import { linesOf } from "./lines.ts";

/** Lines on their way at once: enough to fill the frames, and no more is read before it can be sent. */
const linesMax = 1024;

const lineBytesMax = 256 * 1024;

/** The lines of an input on their way into a group. */
export class Sending {
  readonly #group: Group<string>;
  #underway = 0;
  #unknown = 0;
  #waiting: (() => void)[] = [];

  constructor(group: Group<string>) {
    this.#group = group;
  }

  /** Lines that may have been delivered or not. */
  get unknown(): number {
    return this.#unknown;
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
    await this.#fewerThan(1);
  }

  async #sendLines(input: AsyncIterable<Buffer | string>, stop: AbortSignal): Promise<void> {
    for await (const line of linesOf(input, lineBytesMax)) {
      await this.#fewerThan(linesMax);
      if (stop.aborted) return;
      void this.#send(line);
    }
    await this.settled();
  }

  async #send(line: string): Promise<void> {
    this.#underway++;
    try {
      await this.#group.multicast(line, { timeoutMs: Number.POSITIVE_INFINITY });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#unknown++;
      note(`a line was not delivered here: ${error.message}`);
    } finally {
      this.#underway--;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    }
  }

  async #fewerThan(count: number): Promise<void> {
    while (this.#underway >= count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
