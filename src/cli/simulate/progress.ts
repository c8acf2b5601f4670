import { formatMs } from "../quantities.ts";
import { formatCount, type Paint } from "../terminal.ts";

/** How far a simulation is. */
export interface Progress {
  readonly runs: number;
  readonly runsWanted: number;
  readonly elapsedMs: number;
  readonly simulatedMs: number;
  readonly faults: number;
  readonly checks: number;
  readonly failures: number;
}

const barColumns = 20;
const redrawMs = 100;
const lineMs = 5000;

/** Two lines of at most 80 columns: how far, how fast; and what it came to so far. */
export function progressLines(progress: Progress, paint: Paint): readonly [string, string] {
  const { runs, runsWanted, elapsedMs, failures } = progress;
  const share = runsWanted === 0 ? 1 : runs / runsWanted;
  const full = Math.round(share * barColumns);
  const bar = paint("cyan", "█".repeat(full)) + paint("dim", "░".repeat(barColumns - full));
  const perSecond = runs / Math.max(elapsedMs / 1000, 0.001);
  const left = runs === 0 ? "" : `   ${formatMs((runsWanted - runs) / (perSecond / 1000))} left`;
  return [
    `${bar} ${formatCount(runs)} of ${formatCount(runsWanted)} runs   ${formatRate(perSecond)} runs/s${left}`,
    `simulated ${formatHours(progress.simulatedMs)}   faults ${formatCompact(progress.faults)}   ` +
      `invariant checks ${formatCompact(progress.checks)}   ` +
      (failures === 0 ? "failures 0" : paint("red", `failures ${formatCount(failures)}`)),
  ];
}

/** Shows progress on stderr: on a terminal two lines that are drawn again, else a plain line now and then. */
export class ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #paint: Paint;
  #shownAt = Number.NEGATIVE_INFINITY;
  /** Lines on the terminal that are to go. */
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream, paint: Paint) {
    this.#stream = stream;
    this.#paint = paint;
  }

  /** Call as often as there is news. */
  show(progress: Progress): void {
    const { elapsedMs } = progress;
    if (elapsedMs - this.#shownAt < (this.#stream.isTTY ? redrawMs : lineMs)) return;
    this.#shownAt = elapsedMs;
    const lines = progressLines(progress, this.#paint);
    if (!this.#stream.isTTY) this.#stream.write(`${lines.map((line) => line.replace(/^[█░]+ /, "")).join("   ")}\n`);
    else {
      this.clear();
      this.#stream.write(`${lines.join("\n")}\n`);
      this.#drawn = lines.length;
    }
  }

  /** Says what takes a while; on a terminal it goes away again. */
  say(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
    this.#drawn = this.#stream.isTTY ? 1 : 0;
  }

  /** Takes away what was drawn; what follows has its place. */
  clear(): void {
    if (this.#drawn > 0) this.#stream.write(`\u001b[${this.#drawn}A\u001b[0J`); // up, and nothing from there on
    this.#drawn = 0;
  }
}

/** Simulated time as a person reads it: `312 s`, `41 min`, `5.6 h`. */
export function formatHours(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 600) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A count in at most five characters: `9,999`, `18 k`, `4.1 M`. */
export function formatCompact(count: number): string {
  if (count < 10_000) return formatCount(count);
  if (count < 1_000_000) return `${Math.floor(count / 1000)} k`;
  return count < 1_000_000_000 ? `${(count / 1_000_000).toFixed(1)} M` : `${(count / 1_000_000_000).toFixed(1)} G`;
}

/** Runs a second: with one digit behind the point while that matters. */
export function formatRate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond);
}
