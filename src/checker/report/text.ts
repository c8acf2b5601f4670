import type { Counterexample } from "../counterexample.ts";
import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import type { Limit } from "../search/budget.ts";

/** Most calls that a text lists; the picture shows more. */
const linesMax = 40;

type Describer<Call, Result> = Pick<Model<never, Call, Result>, "name" | "describe">;

interface NamedPart<Call, Result> {
  readonly part: string;
  readonly calls: History<Call, Result>;
}

/** `linearizable: …`, in a line. */
export function describeOk(
  { name }: { readonly name: string },
  parts: readonly NamedPart<unknown, unknown>[],
  steps: number,
): string {
  const calls = parts.reduce((sum, part) => sum + part.calls.length, 0);
  return `linearizable as ${name}: ${plural(calls, "call")} in ${plural(parts.length, "part")}, ${plural(steps, "step")}`;
}

/** `unknown: …`, in a line. */
export function describeUnknown(
  { name }: { readonly name: string },
  parts: readonly NamedPart<unknown, unknown>[],
  limit: Limit,
  steps: number,
): string {
  const why = { steps: "the limit of steps", bytes: "the limit of memory", stopped: "a stop from outside" }[limit];
  const [first] = parts;
  const which = parts.length > 1 ? ` of ${parts.length} parts` : first?.part ? ` of part ${first.part}` : "";
  return `unknown: the search${which} as ${name} met ${why} after ${plural(steps, "step")}, and no violation until then`;
}

/** `not linearizable: …`, in a line. */
export function titleOfViolation<Call, Result>(
  { name, describe }: Describer<Call, Result>,
  { part }: NamedPart<Call, Result>,
  { stuck }: Counterexample<Call, Result>,
): string {
  const which = part === "" ? "" : `, part ${part}`;
  return `not linearizable as ${name}${which}: no order explains ${describe(stuck.call, stuck.result)}`;
}

/** What cannot be, call by call, and why. */
export function describeViolation<Call, Result>(
  model: Describer<Call, Result>,
  part: NamedPart<Call, Result>,
  few: Counterexample<Call, Result>,
): string {
  const shown = few.calls.slice(-linesMax);
  const rows = shown.map((each) => row(model, each, each === few.stuck ? "!" : placeOf(few.order, each)));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const earlier = few.calls.length - shown.length;
  const left = part.calls.length - few.calls.length;
  return [
    titleOfViolation(model, part, few),
    "",
    ...(earlier > 0 ? [`  (${plural(earlier, "earlier call")})`] : []),
    ...rows.map((cells) => `  ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd()),
    "",
    "Numbers: the longest order that can be. !: no order gets past this call. -: not in that order.",
    ...(left > 0 ? [`Left out: ${plural(left, "call")} that would not help, whenever they took effect.`] : []),
  ].join("\n");
}

function row<Call, Result>(
  { describe }: Describer<Call, Result>,
  { client, call, result, calledAt, returnedAt }: Operation<Call, Result>,
  place: string,
): string[] {
  return [place, client, `${calledAt} .. ${returnedAt ?? ""}`, describe(call, result)];
}

function placeOf(order: History<unknown, unknown>, operation: Operation<unknown, unknown>): string {
  const at = order.indexOf(operation);
  return at < 0 ? "-" : String(at + 1);
}

function plural(count: number, noun: string): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ",")} ${noun}${count === 1 ? "" : "s"}`;
}
