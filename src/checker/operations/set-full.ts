import { type OperationEvent, pairEvents } from "./event.ts";
import { Findings } from "./findings.ts";
import { identityOf, show } from "./identity.ts";
import type { Judgement, Validity } from "./judgement.ts";
import { distributionOf } from "./quantiles.ts";

/** What is known of one element. Places are those of events in the history. */
interface Element {
  readonly value: unknown;
  readonly addedAt: number;
  /** The first event that shows that the element exists: the answer to its addition, or to a read that has it. */
  knownAt: number | undefined;
  /** The latest call of a read that has it. */
  presentAt: number | undefined;
  /** The latest call of a read that might have had it, and has not. */
  absentAt: number | undefined;
}

/** A read that was answered, with the elements that it has. */
interface Read {
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly elements: ReadonlySet<number | string>;
}

interface Outcome {
  readonly element: Element;
  readonly outcome: "stable" | "lost" | "never-read";
  /** From when it was known to exist until no read missed it (or had it) any more. */
  readonly latencyMs: number;
}

const listedMax = 32;
const worstMax = 8;

/**
 * Whether every element that was added (`add` or `broadcast`) is in all reads from some time on.
 *
 * An element is lost if it was known to exist and the last reads have been without it; stable once every later read has
 * it; never read if no read says either. Also wrong are elements that a read has twice, or that nobody added.
 */
export function judgeSetFull(history: readonly OperationEvent[]): Judgement {
  const elements = new Map<number | string, Element>();
  const reads: Read[] = [];
  const findings = new Findings();
  const pairs = pairEvents(history);
  for (const { index, invoked, completedIndex, completed } of pairs) {
    if (invoked.f !== "add" && invoked.f !== "broadcast") continue;
    const knownAt = completed?.type === "ok" ? completedIndex : undefined;
    const place = { addedAt: index, knownAt, presentAt: undefined, absentAt: undefined };
    elements.set(identityOf(invoked.value), { value: invoked.value, ...place });
  }
  for (const { index, invoked, completedIndex, completed } of pairs) {
    if (invoked.f !== "read" || completed?.type !== "ok" || completedIndex === undefined) continue;
    const held = readElements(index, completed.value, findings);
    for (const identity of held) {
      const element = elements.get(identity);
      if (element === undefined) {
        findings.add("unexpected", [index], () => `A read has ${identity}, which nobody added.`);
        continue;
      }
      element.knownAt = Math.min(element.knownAt ?? completedIndex, completedIndex);
      element.presentAt = index; // reads come in the order of their calls
    }
    reads.push({ calledAt: index, answeredAt: completedIndex, elements: held });
  }
  findAbsences(elements, reads);
  return judge(history, [...elements.values()], findings);
}

/** The elements of one read, each once. */
function readElements(index: number, value: unknown, findings: Findings): Set<number | string> {
  const held = new Set<number | string>();
  if (!Array.isArray(value)) {
    findings.add("malformed", [index], () => `A read gave ${show(value)}, which is no list.`);
    return held;
  }
  for (const each of value) {
    const identity = identityOf(each);
    if (held.has(identity)) findings.add("duplicated", [index], () => `A read has ${show(each)} more than once.`);
    held.add(identity);
  }
  return held;
}

/**
 * Finds for each element the latest read without it, among those that were answered after it was added.
 *
 * From the last read to the first, only elements that all later reads have are still open: a read costs its own length.
 */
function findAbsences(elements: ReadonlyMap<number | string, Element>, reads: readonly Read[]): void {
  const answeredUntil: number[] = [];
  for (const { answeredAt } of reads) answeredUntil.push(Math.max(answeredUntil.at(-1) ?? 0, answeredAt));
  const open = new Map(elements);
  for (const [at, read] of [...reads.entries()].reverse()) {
    for (const [identity, element] of open) {
      if ((answeredUntil[at] ?? 0) < element.addedAt) open.delete(identity);
      else if (read.answeredAt >= element.addedAt && !read.elements.has(identity)) {
        element.absentAt = read.calledAt;
        open.delete(identity);
      }
    }
  }
}

function judge(history: readonly OperationEvent[], elements: readonly Element[], findings: Findings): Judgement {
  const timeOf = (place: number | undefined): number => (place === undefined ? 0 : (history[place]?.timeNs ?? 0));
  const outcomes = elements.map((element) => outcomeOf(element, timeOf));
  const having = (wanted: Outcome["outcome"]): Outcome[] => outcomes.filter(({ outcome }) => outcome === wanted);
  const [stable, lost, neverRead] = [having("stable"), having("lost"), having("never-read")];
  for (const { element } of lost) {
    const places = [element.addedAt, element.knownAt, element.absentAt].filter((place) => place !== undefined);
    findings.add("lost", places, () => describeLost(element, history, timeOf));
  }
  const stale = stable.filter(({ latencyMs }) => latencyMs > 0);
  const worstStale = [...stale].sort((left, right) => right.latencyMs - left.latencyMs).slice(0, worstMax);
  const list = (from: readonly Outcome[]): unknown[] => from.slice(0, listedMax).map(({ element }) => element.value);
  const figures = {
    attempted: elements.length,
    stable: stable.length,
    lostCount: lost.length,
    lost: list(lost),
    neverReadCount: neverRead.length,
    neverRead: list(neverRead),
    staleCount: stale.length,
    stale: list(stale),
    worstStale: worstStale.map(({ element, latencyMs }) => ({ element: element.value, stableLatencyMs: latencyMs })),
    duplicatedCount: findings.counts().duplicated ?? 0,
    stableLatenciesMs: distributionOf(stable.map(({ latencyMs }) => latencyMs)),
    lostLatenciesMs: distributionOf(lost.map(({ latencyMs }) => latencyMs)),
  };
  const valid: Validity = findings.anomalies.length > 0 ? false : stable.length === 0 ? "unknown" : true;
  const nothing = { name: "undecided", explanation: "No element was seen by a read.", events: [] };
  return { valid, anomalies: valid === "unknown" ? [nothing] : findings.anomalies, figures };
}

function outcomeOf(element: Element, timeOf: (place: number | undefined) => number): Outcome {
  const { knownAt, presentAt = -1, absentAt = -1 } = element;
  const isStable = presentAt > absentAt;
  const isLost = knownAt !== undefined && absentAt > presentAt && absentAt > knownAt;
  const outcome = isStable ? "stable" : isLost ? "lost" : "never-read";
  const lastWrong = isStable ? element.absentAt : element.presentAt;
  const latencyNs = lastWrong === undefined ? 0 : timeOf(lastWrong) + 1 - timeOf(knownAt);
  return { element, outcome, latencyMs: Math.max(0, Math.floor(latencyNs / 1e6)) };
}

function describeLost(
  { value, addedAt, knownAt, presentAt, absentAt }: Element,
  history: readonly OperationEvent[],
  timeOf: (place: number | undefined) => number,
): string {
  const at = (place: number | undefined): string => `at ${(timeOf(place) / 1e9).toFixed(3)} s`;
  const node = history[absentAt ?? -1]?.node;
  const seen = presentAt === undefined ? "no read has it" : `the last read that has it was called ${at(presentAt)}`;
  return (
    `${show(value)} was added ${at(addedAt)} and known to exist ${at(knownAt)}; ${seen}, and the read called ` +
    `${at(absentAt)}${node === undefined ? "" : ` on ${node}`} is without it.`
  );
}
