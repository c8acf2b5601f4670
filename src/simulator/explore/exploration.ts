import { Course, type Finding, type Progress } from "./course.ts";
import type { Bounds, Explorable, Terms } from "./explorable.ts";
import { Share } from "./share.ts";
import type { Violation } from "./story.ts";
import { none, type Place } from "./visited.ts";

/** Worlds expanded between two looks at the bounds. */
const sliceCount = 1000;

/**
 * Breadth first through every order of events within bounds: so the first violation found is one of the shortest.
 *
 * Runs in slices, as far as it is told to advance.
 */
export class Exploration<T extends Terms> {
  readonly #share: Share<T>;
  readonly #course: Course;
  #violation: Violation | undefined;

  constructor(explorable: Explorable<T>, bounds: Bounds) {
    this.#share = new Share(explorable, bounds);
    this.#course = new Course(bounds);
  }

  /** Looks for the successors of at most `count` worlds; false when there is nothing left to do. */
  advance(count: number): boolean {
    for (let left = count; left > 0; left -= sliceCount) {
      const next = this.#course.next([this.#share.report()], false);
      if (next === undefined) {
        this.#tell();
        return false;
      }
      if (next === "descend") this.#share.descend();
      this.#share.expand(Math.min(left, sliceCount));
    }
    return true;
  }

  /** How far it has come. */
  progress(): Progress {
    return this.#course.progress();
  }

  /** What it has found; `stopped` while there is more to do. */
  finding(): Finding {
    return this.#course.finding(this.#violation);
  }

  #tell(): void {
    const { breach } = this.#course;
    if (breach === undefined || this.#violation !== undefined) return;
    const way: Place[] = [];
    for (let at = breach.at; at !== none; at = way.at(-1)?.from ?? none) way.push(this.#share.place(at));
    this.#violation = this.#share.tell(way.reverse(), breach.claim);
  }
}
