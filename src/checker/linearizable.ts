import { type Counterexample, findCounterexample } from "./counterexample.ts";
import { type History, type Operation, validateHistory } from "./history.ts";
import type { Model } from "./model.ts";
import { drawParts, drawViolation } from "./report/pages.ts";
import { describeOk, describeUnknown, describeViolation, titleOfViolation } from "./report/text.ts";
import { Budget, type CheckOptions, type Limit } from "./search/budget.ts";
import { searchPart } from "./search/search.ts";

/** Calls on one object, and the longest order of them that the model explains. */
export interface Part<Call, Result> {
  /** As the model names it; empty if it knows no parts. */
  readonly part: string;
  readonly calls: History<Call, Result>;
  /** Without open calls that need not have happened. */
  readonly order: History<Call, Result>;
}

/** What every verdict tells. */
interface Told {
  /** What the search took: see `CheckOptions`. */
  readonly steps: number;
  /** For a terminal. */
  text(): string;
  /** A page with a picture of who called what and when; it needs no network. */
  html(): string;
}

/** Each part of the history can be explained by an order of its calls. */
export interface Linearizable<Call, Result> extends Told {
  readonly kind: "ok";
  readonly parts: readonly Part<Call, Result>[];
}

/** No order explains one part of the history. */
export interface Violation<Call, Result> extends Told {
  readonly kind: "violation";
  /** The smallest part that fails. */
  readonly part: Part<Call, Result>;
  /** The first call of the part, by the time of its return, that no order gets past. */
  readonly stuck: Operation<Call, Result>;
  /** A few of its calls that show the same. Made when first asked for. */
  counterexample(): Counterexample<Call, Result>;
}

/** The search ended at a limit, and found no violation until then. */
export interface Undecided<Call, Result> extends Told {
  readonly kind: "unknown";
  readonly limit: Limit;
  /** The parts that were not decided, without an order. */
  readonly parts: readonly Part<Call, Result>[];
}

/** What a check came to. */
export type Verdict<Call, Result> = Linearizable<Call, Result> | Violation<Call, Result> | Undecided<Call, Result>;

/**
 * Whether the history could be that of one object used by one client at a time.
 *
 * Each call takes effect at one moment between its call and its return; one without an answer at any later moment, or
 * never. Throws `MalformedError` for a history that cannot have happened.
 */
export function checkLinearizable<State, Call, Result>(
  history: History<Call, Result>,
  model: Model<State, Call, Result>,
  options: CheckOptions = {},
): Verdict<Call, Result> {
  validateHistory(history);
  const budget = new Budget(options);
  const parts: Part<Call, Result>[] = [];
  const undecided: Part<Call, Result>[] = [];
  let limit: Limit | undefined;
  for (const [part, calls] of split(history, model)) {
    const found = searchPart(calls, model, budget);
    if (found.kind === "violation")
      return violation({ part, calls, order: found.order }, found.stuck, model, budget, options);
    if (found.kind === "ok") parts.push({ part, calls, order: found.order });
    else {
      limit ??= found.limit;
      undecided.push({ part, calls, order: [] });
    }
  }
  const { steps } = budget;
  const text = (): string =>
    limit === undefined ? describeOk(model, parts, steps) : describeUnknown(model, undecided, limit, steps);
  const html = (): string => drawParts(model, text(), limit === undefined ? parts : undecided);
  return limit === undefined
    ? { kind: "ok", steps, parts, text, html }
    : { kind: "unknown", steps, limit, parts: undecided, text, html };
}

/** The parts of a history, the smallest first: what fails is then the smallest, and what is hard comes last. */
function split<State, Call, Result>(
  history: History<Call, Result>,
  { part = () => "" }: Model<State, Call, Result>,
): [string, History<Call, Result>][] {
  const parts = new Map<string, Operation<Call, Result>[]>();
  for (const operation of history) {
    const name = part(operation.call);
    const calls = parts.get(name);
    if (calls === undefined) parts.set(name, [operation]);
    else calls.push(operation);
  }
  return [...parts].sort(([, left], [, right]) => left.length - right.length);
}

function violation<State, Call, Result>(
  part: Part<Call, Result>,
  stuck: Operation<Call, Result>,
  model: Model<State, Call, Result>,
  { steps }: Budget,
  { stop }: CheckOptions,
): Violation<Call, Result> {
  let found: Counterexample<Call, Result> | undefined;
  const counterexample = (): Counterexample<Call, Result> => {
    found ??= findCounterexample(part.calls, stuck, model, stop);
    return found;
  };
  return {
    kind: "violation",
    steps,
    part,
    stuck,
    counterexample,
    text: () => describeViolation(model, part, counterexample()),
    html: () => drawViolation(model, titleOfViolation(model, part, counterexample()), part, stuck, counterexample()),
  };
}
