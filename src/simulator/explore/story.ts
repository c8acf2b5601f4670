import type { NodeId } from "../../base/ids.ts";
import { InvariantViolation, unreachable } from "../../base/invariant.ts";
import type { Explorable, Terms } from "./explorable.ts";
import type { Place } from "./visited.ts";
import { attempt, type Step } from "./world/local-steps.ts";
import { type Occasion, type Result, type Seat, stepSeat } from "./world/seat.ts";
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
  const before = seats.at(world[step.member] as number);
  if (kind === "lose") {
    const { from, to, message } = letters.at(argument);
    return `lost on its way from ${from} to ${to}: ${explorable.words.message(message)}`;
  }
  const occasion = steps.occasion(world[step.member] as number, kind === "repeat" ? "deliver" : kind, argument);
  const event = tellOccasion(explorable, before, occasion, kind === "repeat");
  const result = attempt(() => stepSeat(explorable, before, occasion)); // once more, for nobody has kept it
  if (result instanceof InvariantViolation) return event;
  return [event, ...tellEffects(explorable, before, result)].join("; ");
}

function tellOccasion<T extends Terms>(
  explorable: Explorable<T>,
  { id, pending }: Seat<T>,
  occasion: Occasion<T>,
  isRepeated: boolean,
): string {
  switch (occasion.kind) {
    case "deliver": {
      const copy = isRepeated ? ", while a copy stays on its way" : "";
      return `${id} receives from ${occasion.from}${copy}: ${explorable.words.message(occasion.message)}`;
    }
    case "request":
      return `${id} is asked to ${explorable.words.request(occasion.request)}`;
    case "persist":
      return `${id}'s disk has stored ${tellRecords(explorable, pending.slice(0, occasion.count))}`;
    case "crash": {
      const kept = pending.slice(0, occasion.count);
      const lost = pending.slice(occasion.count);
      const told = [kept.length > 0 ? `, having just stored ${tellRecords(explorable, kept)}` : ""];
      if (lost.length > 0) told.push(`, and loses ${tellRecords(explorable, lost)}`);
      return `${id} crashes${told.join("")}; it starts again`;
    }
    case "alarm":
      return occasion.alarm.words(id);
    default:
      return unreachable(occasion);
  }
}

function tellRecords<T extends Terms>(explorable: Explorable<T>, records: readonly T["record"][]): string {
  return records.map((record) => explorable.words.record(record)).join(" and ");
}

function tellEffects<T extends Terms>(
  explorable: Explorable<T>,
  before: Seat<T>,
  { seat: after, moment: { sent, outputs } }: Result<T>,
): string[] {
  const effects: string[] = [];
  const state = explorable.words.state(after.state);
  if (state !== explorable.words.state(before.state)) effects.push(`now ${state}`);
  const isBorn = after.life > before.life;
  const written = isBorn
    ? []
    : after.pending.slice(before.pending.length - (after.durable.length - before.durable.length));
  if (written.length > 0) effects.push(`writes ${tellRecords(explorable, written)}`);
  effects.push(...outputs.flatMap((output) => explorable.words.output(output) ?? []));
  const receivers = new Map<string, NodeId[]>();
  for (const { to, message } of sent) {
    const text = explorable.words.message(message);
    receivers.set(text, [...(receivers.get(text) ?? []), to]);
  }
  for (const [text, to] of receivers) effects.push(`sends ${to.join(" and ")}: ${text}`);
  return effects;
}
