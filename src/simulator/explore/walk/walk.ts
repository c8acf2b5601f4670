import type { InvariantViolation } from "../../../base/invariant.ts";
import { newRandom, nextBelow, type Random } from "../../../base/random.ts";
import type { Bounds, Explorable, Terms } from "../explorable.ts";
import type { Violation } from "../story.ts";
import type { Letter } from "../world/local-steps.ts";
import { Ground, type Move } from "./ground.ts";

/** What a walk came to. */
export interface Walked {
  readonly steps: number;
  readonly violation: Violation | undefined;
}

/** How likely each sort of step is in one walk, against the others. */
interface Inclination {
  readonly deliver: number;
  readonly repeat: number;
  readonly lose: number;
  readonly persist: number;
  readonly crash: number;
  /** By alarm, and by question. */
  readonly alarms: readonly number[];
  readonly questions: readonly number[];
  /** Whether old letters arrive before new ones, or the other way round, or whichever. */
  readonly letters: "old" | "new" | "whichever";
}

/** Weights are drawn from these: a walk in which something never happens shows what its happening would hide. */
const weights = [0, 1, 1, 3, 10, 30];
const deliverWeights = [10, 30, 100];

/** Attempts to find something that can happen, in a row, before a walk is taken to be at its end. */
const missesMax = 200;

/**
 * Walks once through what can happen, at random, for at most `bounds.steps` steps: `seed` decides all of it.
 *
 * What it finds is made short: steps are left out as long as the same promise breaks.
 */
export function walk<T extends Terms>(explorable: Explorable<T>, bounds: Bounds, seed: number): Walked {
  const random = newRandom(seed);
  const inclination = draw(random, explorable);
  const ground = new Ground(explorable, bounds);
  const way: Move<T>[] = [];
  for (let misses = 0; way.length < bounds.steps && misses < missesMax; ) {
    const move = choose(random, ground, inclination);
    if (move === undefined) {
      misses++;
      continue;
    }
    misses = 0;
    way.push(move);
    const broken = ground.take(move);
    if (broken !== undefined) return { steps: way.length, violation: shortened(explorable, bounds, way, broken) };
  }
  return { steps: way.length, violation: undefined };
}

function draw<T extends Terms>(random: Random, { alarms, questions }: Explorable<T>): Inclination {
  const oneOf = <Choice>(choices: readonly Choice[]): Choice => choices[nextBelow(random, choices.length)] as Choice;
  return {
    deliver: oneOf(deliverWeights),
    repeat: oneOf(weights),
    lose: oneOf(weights),
    persist: oneOf(deliverWeights),
    crash: oneOf(weights),
    alarms: alarms.map(() => oneOf(weights)),
    questions: questions.map(() => 1 + oneOf(weights)),
    letters: oneOf(["old", "new", "whichever", "whichever"]),
  };
}

/** First a sort of step, then one of that sort; `undefined` when there is none. */
function choose<T extends Terms>(random: Random, ground: Ground<T>, inclination: Inclination): Move<T> | undefined {
  const { deliver, repeat, lose, persist, crash, alarms, questions } = inclination;
  const shares = [deliver, repeat, lose, persist, crash, ...alarms, ...questions];
  let left = nextBelow(random, shares.reduce((sum, share) => sum + share, 0) || 1);
  const sort = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  const member = nextBelow(random, ground.seats.length);
  switch (sort) {
    case 0:
    case 1:
    case 2: {
      const kind = (["deliver", "repeat", "lose"] as const)[sort];
      const { letters } = ground;
      if (letters.length === 0 || (kind !== "deliver" && !ground.mayFail(kind))) return undefined;
      return { kind, letter: letters[placeIn(random, letters.length, inclination.letters)] as Letter<T> };
    }
    case 3:
    case 4: {
      const pending = ground.seats[member]?.pending.length ?? 0;
      if (sort === 3) {
        return pending === 0 ? undefined : { kind: "persist", member, count: 1 + nextBelow(random, pending) };
      }
      return ground.mayFail("crash") ? { kind: "crash", member, count: nextBelow(random, pending + 1) } : undefined;
    }
    default: {
      const alarm = sort - 5;
      const question = alarm - alarms.length;
      if (question < 0)
        return ground.alarms(member).includes(alarm) ? { kind: "ring", member, which: alarm } : undefined;
      return ground.questions(member).includes(question) ? { kind: "ask", member, which: question } : undefined;
    }
  }
}

function placeIn(random: Random, count: number, letters: Inclination["letters"]): number {
  const one = nextBelow(random, count);
  if (letters === "whichever") return one;
  const other = nextBelow(random, count);
  return letters === "old" ? Math.min(one, other) : Math.max(one, other);
}

/** Leaves out what is not needed: ever smaller pieces of the way, until no single step can go. */
function shortened<T extends Terms>(
  explorable: Explorable<T>,
  bounds: Bounds,
  found: readonly Move<T>[],
  broken: InvariantViolation,
): Violation {
  let way = found;
  for (let piece = Math.ceil(way.length / 2); piece >= 1; ) {
    let isShorter = false;
    for (let from = way.length - piece; from >= 0; from -= piece) {
      const rest = [...way.slice(0, from), ...way.slice(from + piece)];
      const claim = retrace(explorable, bounds, rest);
      if (claim === undefined || kindOf(claim) !== kindOf(broken)) continue;
      way = rest;
      isShorter = true;
    }
    if (piece === 1 && !isShorter) break;
    piece = piece === 1 ? 1 : Math.ceil(piece / 2);
  }
  const trace: string[] = [];
  const claim = retrace(explorable, bounds, way, (text) => trace.push(text));
  return { claim: (claim ?? broken).message, trace };
}

/** What a claim says before it comes to who and where. */
function kindOf({ message }: InvariantViolation): string {
  return message.replace(/:.*/s, "");
}

/** The first promise broken on a way; steps that cannot be taken are passed over. */
function retrace<T extends Terms>(
  explorable: Explorable<T>,
  bounds: Bounds,
  way: readonly Move<T>[],
  tell?: (text: string) => void,
): InvariantViolation | undefined {
  const ground = new Ground(explorable, bounds);
  for (const move of way) {
    const broken = ground.take(move, tell);
    if (broken !== undefined) return broken;
  }
  return undefined;
}
