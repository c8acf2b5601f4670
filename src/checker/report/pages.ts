import type { Counterexample } from "../counterexample.ts";
import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { drawPage, type Section } from "./page.ts";

type Drawable<Call, Result> = Pick<Model<never, Call, Result>, "name" | "describe">;

interface Drawn<Call, Result> {
  readonly part: string;
  readonly calls: History<Call, Result>;
  readonly order: History<Call, Result>;
}

/** A page for parts without a violation: an order of each, or just the calls where none was found. */
export function drawParts<Call, Result>(
  model: Drawable<Call, Result>,
  title: string,
  parts: readonly Drawn<Call, Result>[],
): string {
  const sections = parts.map(({ part, calls, order }, at): Section<Call, Result> => {
    const text = order.length > 0 ? "An order that explains every answer." : "No order was found in time.";
    return { title: titleOf(part), text, calls, order, isFolded: at > 0 };
  });
  return drawPage(title, sections, model);
}

/** A page for a violation: the calls that matter, and below them the whole part until then. */
export function drawViolation<Call, Result>(
  model: Drawable<Call, Result>,
  title: string,
  { part, calls, order }: Drawn<Call, Result>,
  stuck: Operation<Call, Result>,
  few: Counterexample<Call, Result>,
): string {
  const matter: Section<Call, Result> = {
    title: `What cannot be${part === "" ? "" : `: ${titleOf(part)}`}`,
    text:
      few.calls.length === calls.length
        ? "No order explains these calls."
        : "No order explains these calls. The others of the part would not help, whenever they took effect.",
    ...few,
  };
  const whole: Section<Call, Result> = {
    title: "All calls of the part until then",
    text: "The longest order that explains what it holds, and the first call, by its return, that no order gets past.",
    calls: calls.filter(({ calledAt }) => calledAt <= (stuck.returnedAt ?? Number.POSITIVE_INFINITY)),
    order,
    stuck,
    isFolded: true,
  };
  return drawPage(title, few.calls.length < whole.calls.length ? [matter, whole] : [matter], model);
}

function titleOf(part: string): string {
  return part === "" ? "All calls" : `Part ${part}`;
}
