import type { Finding, Progress } from "../../simulator/index.ts";
import { formatMs } from "../quantities.ts";
import { formatCount, type Paint, table } from "../terminal.ts";
import type { Walks } from "./partner.ts";
import type { Settings } from "./settings.ts";

/** How far it is and how fast, in a line. */
export function progressText({ states, depth, waiting }: Progress, elapsedMs: number): string {
  const rate = formatCount(perSecond(states, elapsedMs));
  return `${formatCount(states)} states, ${rate} a second, all within ${depth} steps; ${formatCount(waiting)} to go on from`;
}

/** States found in a second of time passed. */
export function perSecond(states: number, elapsedMs: number): number {
  return Math.round(states / Math.max(0.001, elapsedMs / 1000));
}

/** What was explored and what came of it, for people. */
export function findingText(finding: Finding, settings: Settings, elapsedMs: number, paint: Paint): string {
  const { states, transitions, depth, localStates } = finding;
  const first = ["states", `${formatCount(states)}, ${formatCount(perSecond(states, elapsedMs))} a second`];
  const rows = [
    ["transitions", formatCount(transitions)],
    ["depth", `all within ${depth} steps`],
    ["members' states", formatCount(localStates)],
    ["time", formatMs(elapsedMs)],
    ["bound reached", boundText(finding, settings, elapsedMs)],
  ];
  return `${whatText(settings)}\n\n${table(first, rows)}\n\n${verdictText(finding, paint)}`;
}

/** What walks came to, for people. */
export function walksText({ walks, steps, found }: Walks, settings: Settings, elapsedMs: number, paint: Paint): string {
  const first = ["walks", `${formatCount(walks)}, ${formatCount(perSecond(walks, elapsedMs))} a second`];
  const rows = [
    ["steps", `${formatCount(steps)}, ${formatCount(perSecond(steps, elapsedMs))} a second`],
    ["time", formatMs(elapsedMs)],
  ];
  return `${whatText(settings)}\n\n${table(first, rows)}\n\n${walksVerdict(found, paint)}`;
}

function walksVerdict(found: Walks["found"], paint: Paint): string {
  if (found === undefined) return paint("green", "every promise held in every state that came up");
  const { seed, violation } = found;
  const head = `${paint("red", "a promise is broken")} on the walk of seed ${seed}, of which these steps matter:`;
  return [head, ...violation.trace.map(numbered), violation.claim].join("\n");
}

function whatText({ explored, told, bounds }: Settings): string {
  const { crashes, losses, duplicates, order, disk } = bounds;
  const counts = [...told.counts, ["crashes", crashes], ["messages twice", duplicates]] as const;
  const happening = counts.filter(([, count]) => count > 0).map(([words, count]) => `${words} ${count}`);
  const lost = order === "any" ? "any number of messages lost" : `messages lost ${losses}`;
  return (
    `${explored.protocol}: ${told.group};\n` +
    `at most: ${[...happening, lost].join(", ")};\n` +
    `messages in ${order === "any" ? "any order" : "the order sent"}, disks ${disk}`
  );
}

function boundText({ complete, bound, violation }: Finding, { bounds, timeMs }: Settings, elapsedMs: number): string {
  if (complete) return "none: nothing within the bounds was left out";
  if (violation !== undefined) return "none: stopped at the first violation";
  if (bound === "steps") return `steps, ${bounds.steps}`;
  if (bound === "states") return `states, ${formatCount(bounds.states)}`;
  return elapsedMs < timeMs ? "none: interrupted" : `time, ${formatMs(timeMs)}`;
}

function verdictText({ violation }: Finding, paint: Paint): string {
  if (violation === undefined) return paint("green", "every promise held in every state");
  const { trace, sequel, claim } = violation;
  const later = sequel === undefined ? "" : ", once what is on its way is lost and nothing else fails";
  const head = `${paint("red", "a promise is broken")}, after ${trace.length} steps and no fewer${later}:`;
  const sequelHead = sequel === undefined ? [] : ["from here on nothing fails:", ...sequel.map(numbered)];
  return [head, ...trace.map(numbered), ...sequelHead, claim].join("\n");
}

function numbered(step: string, at: number): string {
  return `${String(at + 1).padStart(3)}. ${step}`;
}
