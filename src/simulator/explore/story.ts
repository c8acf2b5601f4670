import { InvariantViolation } from "../../base/invariant.ts";
import type { Terms } from "./explorable.ts";
import type { Place } from "./visited.ts";
import type { Step } from "./world/local-steps.ts";
import { tellLoss, tellOccurrence } from "./world/telling.ts";
import type { Worlds } from "./world/worlds.ts";

/** A broken promise, and one of the shortest ways to it. */
export interface Violation {
  readonly claim: string;
  readonly trace: readonly string[];
  /** When it breaks only later: how the world goes on, with what was on its way lost, and without a fault. */
  readonly sequel?: readonly string[];
}

/** Steps of a sequel that are told, at most. */
const sequelMax = 200;

/**
 * Goes the way to a violation once more, and tells it.
 *
 * The way is known by hashes, which are the same under renaming: it is gone with the names it takes by itself.
 */
export function tellViolation<T extends Terms>(worlds: Worlds<T>, way: readonly Place[], claim: string): Violation {
  let world = worlds.first();
  const trace: string[] = [];
  for (const hash of way.slice(1)) {
    const next = findStep(worlds, world, hash);
    trace.push(next.text);
    world = next.world;
  }
  const state = worlds.broken(world);
  if (state !== undefined) return { claim: state.message, trace };
  const sequel: string[] = [];
  const later = worlds.brokenLater(world, (row, next) => {
    if (sequel.length < sequelMax) sequel.push(tellStep(worlds, row, next));
  });
  if (later !== undefined) return { claim: later.message, trace, sequel };
  const step = findBroken(worlds, world);
  return { claim: step?.violation.message ?? claim, trace: step === undefined ? trace : [...trace, step.text] };
}

function findStep<T extends Terms>(
  worlds: Worlds<T>,
  world: Int32Array,
  hash: Place,
): { readonly world: Int32Array; readonly text: string } {
  let found: { world: Int32Array; text: string } | undefined;
  worlds.expand(world, world.length, {
    next: (next, length, step) => {
      if (found !== undefined) return;
      worlds.hash(next, length);
      if (worlds.low !== hash.low || worlds.high !== hash.high) return;
      found = { world: next.slice(0, length), text: tellStep(worlds, world, step) };
    },
    broken: () => {},
  });
  if (found === undefined) throw new InvariantViolation("it must be that a way found once is found again");
  return found;
}

function findBroken<T extends Terms>(
  worlds: Worlds<T>,
  world: Int32Array,
): { readonly violation: InvariantViolation; readonly text: string } | undefined {
  let found: { violation: InvariantViolation; text: string } | undefined;
  worlds.expand(world, world.length, {
    next: () => {},
    broken: (violation, step) => {
      found ??= { violation, text: tellStep(worlds, world, step) };
    },
  });
  return found;
}

/** One sentence: what happens to whom, and what comes of it. */
function tellStep<T extends Terms>({ steps }: Worlds<T>, world: Int32Array, step: Step): string {
  const { explorable, letters, seats } = steps;
  const { kind, argument } = step;
  const seat = world[step.member] as number;
  if (kind === "lose") return tellLoss(explorable, letters.at(argument));
  const occasion = steps.occasion(seat, kind === "repeat" ? "deliver" : kind, argument);
  return tellOccurrence(explorable, seats.at(seat), occasion, kind === "repeat");
}
