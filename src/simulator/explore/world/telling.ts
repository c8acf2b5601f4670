import type { NodeId } from "../../../base/ids.ts";
import { InvariantViolation, unreachable } from "../../../base/invariant.ts";
import type { Explorable, Terms } from "../explorable.ts";
import { attempt, type Letter } from "./local-steps.ts";
import { type Occasion, type Result, type Seat, stepSeat } from "./seat.ts";

/** That a message gets lost, in a sentence. */
export function tellLoss<T extends Terms>({ words }: Explorable<T>, { from, to, message }: Letter<T>): string {
  return `lost on its way from ${from} to ${to}: ${words.message(message)}`;
}

/** One sentence: what happens to a member, and what comes of it. `isRepeated`: a copy stays on its way. */
export function tellOccurrence<T extends Terms>(
  explorable: Explorable<T>,
  before: Seat<T>,
  occasion: Occasion<T>,
  isRepeated: boolean,
): string {
  const event = tellOccasion(explorable, before, occasion, isRepeated);
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
