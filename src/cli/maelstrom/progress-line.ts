import type { TestProgress } from "../../workbench/run/run-test.ts";
import { formatCount } from "../terminal.ts";

const redrawMs = 100;
const lineMs = 5000;

/** One line on stderr while a test runs: drawn again on a terminal, else a plain one now and then. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #limitSeconds: number;
  #shownAt = performance.now();
  #isDrawn = false;

  constructor(stream: NodeJS.WriteStream, limitSeconds: number) {
    this.#stream = stream;
    this.#limitSeconds = limitSeconds;
  }

  /** Call as often as there is news. */
  show(progress: TestProgress): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.#stream.isTTY ? redrawMs : lineMs)) return;
    this.#shownAt = now;
    const text = progressText(progress, this.#limitSeconds);
    if (!this.#stream.isTTY) this.#stream.write(`${text}\n`);
    else {
      this.clear();
      this.#stream.write(text.slice(0, Math.max(this.#stream.columns - 1, 20)));
      this.#isDrawn = true;
    }
  }

  /** Takes away what was drawn. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write("\r\u001b[K");
    this.#isDrawn = false;
  }
}

/** How far a test is, in one line. */
export function progressText(progress: TestProgress, limitSeconds: number): string {
  const { phase, elapsedNs, operations, ok, messages, fault } = progress;
  const broken = fault === "" ? "" : `   ${fault}`;
  const counts = `${formatCount(operations)} operations, ${formatCount(ok)} ok   ${formatCount(messages)} messages`;
  const seconds = elapsedNs / 1e9;
  const limit = phase === "running" && seconds <= limitSeconds ? ` of ${limitSeconds} s` : "";
  return `${phase} ${seconds.toFixed(0)} s${limit}   ${counts}${broken}`;
}
