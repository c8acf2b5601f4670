import type { Bounds } from "./explorable.ts";
import type { Breach, ShareReport } from "./share.ts";
import type { Violation } from "./story.ts";

/** How far an exploration has come. */
export interface Progress {
  /** Different worlds found; those that differ in names alone count as one. */
  readonly states: number;
  /** Steps from one of them to another. */
  readonly transitions: number;
  /** All worlds up to this many steps from the start are among them. */
  readonly depth: number;
  /** Worlds whose successors are not known yet. */
  readonly waiting: number;
  /** Different states of single members, at most: those of each share. */
  readonly localStates: number;
}

/** What an exploration found. */
export interface Finding extends Progress {
  /** Nothing within the bounds was left out, and every promise held. */
  readonly complete: boolean;
  /** What kept it from going on. */
  readonly bound: "steps" | "states" | "stopped" | undefined;
  readonly violation: Violation | undefined;
}

/** Decides how the shares of an exploration go on, level by level. */
export class Course {
  readonly #bounds: Pick<Bounds, "steps" | "states">;
  #level = 0;
  #bound: "steps" | "states" | undefined;
  #isDone = false;
  #reports: readonly ShareReport[] = [];

  constructor(bounds: Pick<Bounds, "steps" | "states">) {
    this.#bounds = bounds;
  }

  /** What to do next, after these reports; `undefined`: nothing. `areParcelsOpen`: some worlds have no owner yet. */
  next(reports: readonly ShareReport[], areParcelsOpen: boolean): "expand" | "descend" | undefined {
    this.#reports = reports;
    if (this.#isDone) return undefined;
    const total = (count: (report: ShareReport) => number): number => sum(reports.map(count));
    if (this.breach !== undefined) this.#isDone = true;
    else if (total(({ states }) => states) >= this.#bounds.states) this.#end("states");
    else if (total(({ levelLeft }) => levelLeft) > 0 || areParcelsOpen) return "expand";
    else if (total(({ waiting }) => waiting) === 0) this.#isDone = true;
    else if (++this.#level < this.#bounds.steps) return "descend";
    else this.#end("steps");
    return undefined;
  }

  /** The first broken promise in the newest reports. */
  get breach(): Breach | undefined {
    return this.#reports.find(({ breach }) => breach !== undefined)?.breach;
  }

  progress(): Progress {
    const reports = this.#reports;
    return {
      states: sum(reports.map(({ states }) => states)),
      transitions: sum(reports.map(({ transitions }) => transitions)),
      depth: this.#level,
      waiting: sum(reports.map(({ waiting }) => waiting)),
      localStates: sum(reports.map(({ localStates }) => localStates)),
    };
  }

  /** What was found so far, `violation` being the story of the breach. */
  finding(violation: Violation | undefined): Finding {
    const bound = this.#bound ?? (this.#isDone ? undefined : "stopped");
    return { ...this.progress(), complete: bound === undefined && this.breach === undefined, bound, violation };
  }

  #end(bound: "steps" | "states"): void {
    this.#bound = bound;
    this.#isDone = true;
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
