import { type Explanation, namedProtocols, type Report, Simulation } from "../../simulator/index.ts";
import { formatMs } from "../quantities.ts";
import { formatCount, type Paint } from "../terminal.ts";
import { formatHours, formatRate } from "./progress.ts";

/** How long it took, and on how many threads. */
export interface Effort {
  readonly elapsedMs: number;
  readonly jobs: number;
}

/** What can be simulated by name: what clients can do there, and what can go wrong. */
export function protocolTexts(): string {
  return namedProtocols
    .map(({ name, workloads, summary }) => {
      const faults = [...new Simulation({ protocol: name }).newReport().faults.keys()];
      return [`${name}: ${summary}`, ...labelled("workloads", workloads), ...labelled("faults", faults)].join("\n");
    })
    .join("\n\n");
}

/** Names behind a label, on as many lines as they need. */
function labelled(label: string, names: readonly string[]): string[] {
  const lines = [""];
  for (const [at, name] of names.entries()) {
    const word = at < names.length - 1 ? `${name}, ` : name;
    if ((lines.at(-1)?.length ?? 0) + word.length > namesColumns) lines.push("");
    lines.push((lines.pop() ?? "") + word);
  }
  return lines.map((line, at) => `  ${(at === 0 ? label : "").padEnd(labelColumns)}  ${line.trimEnd()}`);
}

const labelColumns = 9;
const namesColumns = 64;

/** What all runs came to: how much was simulated, which faults struck, and what happened under them. */
export function summaryText(report: Report, { elapsedMs, jobs }: Effort, paint: Paint): string {
  const { title, runs, failures, simulatedMs, faults, counts } = report;
  const verdict = failures.length === 0 ? paint("green", "no run failed") : paint("red", failedWords(failures.length));
  const perSecond = formatRate(runs / Math.max(elapsedMs / 1000, 0.001));
  const threads = jobs === 1 ? "1 thread" : `${jobs} threads`;
  const happened = Object.entries(counts).filter(([name]) => !faults.has(name));
  const struck = [...faults].map(([name, count]): Row => [name, formatCount(count)]);
  return [
    `${paint("bold", title)}: ${runs === 1 ? "1 run" : `${formatCount(runs)} runs`}, ${verdict}`,
    `${formatHours(simulatedMs)} simulated in ${formatMs(elapsedMs)} on ${threads}: ${perSecond} runs/s`,
    "",
    sideBySide(
      ["FAULT", "TIMES"],
      struck,
      ["WHAT HAPPENED", "TIMES"],
      happened.map(([name, count]) => [spoken(name), formatCount(count)]),
    ),
    "",
    `digest ${report.digest}`,
  ].join("\n");
}

type Row = readonly [name: string, count: string];

function failedWords(count: number): string {
  return count === 1 ? "one failed" : `${formatCount(count)} failed`;
}

/** `snapshotsRestored` as `snapshots restored`. */
function spoken(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Two tables of names and counts beside each other; counts end in one column. */
function sideBySide(leftHead: Row, left: readonly Row[], rightHead: Row, right: readonly Row[]): string {
  const [one, other] = [column(leftHead, left), column(rightHead, right)];
  const width = Math.max(...one.map((line) => line.length));
  return Array.from({ length: Math.max(one.length, other.length) }, (_, at) =>
    `${(one[at] ?? "").padEnd(width)}   ${other[at] ?? ""}`.trimEnd(),
  ).join("\n");
}

function column(head: Row, rows: readonly Row[]): string[] {
  const all = [head, ...rows];
  const [names, counts] = [
    Math.max(...all.map(([name]) => name.length)),
    Math.max(...all.map(([, count]) => count.length)),
  ];
  return all.map(([name, count]) => `${name.padEnd(names)}  ${count.padStart(counts)}`);
}

/** Where to go on from a failure. */
export interface Leads {
  readonly command: string;
  readonly traceFile: string;
  readonly scenario: string;
}

/** What went wrong in one run, and how to see it again. */
export function failureText(
  { seed, claim, story, details, schedule }: Explanation,
  leads: Leads,
  paint: Paint,
): string {
  return [
    `${paint("red", `seed ${seed} fails:`)} ${claim}`,
    `  ${story}`,
    ...(details === undefined ? [] : ["", details]),
    "",
    "The smallest run that fails alike:",
    ...schedule.map((line) => `  ${line}`),
    "",
    `repeat it:  ${paint("cyan", leads.command)}`,
    `its trace:  ${leads.traceFile}`,
    "as a test:",
    "",
    leads.scenario,
  ].join("\n");
}
