import { isRecord } from "../network/message.ts";
import { messagesPerOperation, type Part, type RecordedRun } from "../run/recorded-run.ts";

/** Anomalies told of each part; the report has them all. */
const anomaliesMax = 5;
const linesMax = 40;
const shares = [
  ["0.5", "p50"],
  ["0.95", "p95"],
  ["0.99", "p99"],
  ["1", "max"],
] as const;

/** The verdict in one word. */
function verdictWord({ valid }: Pick<RecordedRun, "valid">): string {
  return { true: "valid", false: "INVALID", unknown: "unknown" }[String(valid) as "true" | "false" | "unknown"];
}

/** What a test came to, for a terminal: what is wrong first, then the figures. */
export function describeRun(run: RecordedRun): string {
  const { workload, nodes, durationNs, seed } = run;
  const count = nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
  const head = `${verdictWord(run)}: ${workload}, ${count}, ${(durationNs / 1e9).toFixed(1)} s, seed ${seed}`;
  return [head, ...run.parts.flatMap(describeAnomalies), "", ...describeFigures(run)].join("\n");
}

function describeAnomalies({ name, anomalies, valid }: Part): string[] {
  const told = anomalies.slice(0, anomaliesMax).flatMap(({ name: anomaly, explanation }) => {
    const lines = explanation.split("\n");
    const few = lines.length > linesMax ? [...lines.slice(0, linesMax), "…"] : lines;
    return [`  ${anomaly}: ${few[0]}`, ...few.slice(1).map((line) => `    ${line}`)];
  });
  const more = anomalies.length - anomaliesMax;
  if (more > 0) told.push(`  … and ${more} more`);
  return told.length === 0
    ? []
    : ["", `${name} is ${valid === false ? "invalid" : valid === true ? "valid" : "unknown"}:`, ...told];
}

/** How many requests and messages, how long they took, and what was broken, for a fixed-width font. */
export function describeFigures(run: RecordedRun): string[] {
  const figures = new Map(run.parts.map((part) => [part.name, part.figures]));
  const { count = 0, ok = 0, fail = 0, info = 0 } = (figures.get("outcomes") ?? {}) as Readonly<Record<string, number>>;
  const { okFraction = 1 } = (figures.get("availability") ?? {}) as Readonly<Record<string, number>>;
  const { all, servers } = run.traffic;
  const share = messagesPerOperation(run);
  const perOperation = share === undefined ? "" : `, ${share.toFixed(2)} an operation`;
  const losses = all.lost === 0 ? "" : `, ${all.lost} lost`;
  const copies = all.doubled === 0 ? "" : `, ${all.doubled} doubled`;
  return [
    count === 0
      ? "operations   none"
      : `operations   ${count}: ${ok} ok, ${fail} failed, ${info} unknown; availability ${Number(okFraction).toFixed(4)}`,
    `messages     ${servers.sent - servers.doubled} between servers${perOperation}; ${all.sent - all.doubled} in all${losses}${copies}`,
    ...latencyTable(figures.get("latency") ?? {}, figures.get("workload") ?? {}),
    ...run.bands.slice(0, anomaliesMax).map(describeBand),
    ...(run.bands.length > anomaliesMax ? [`             … and ${run.bands.length - anomaliesMax} faults more`] : []),
  ];
}

function describeBand({ kind, what, fromNs, toNs }: RecordedRun["bands"][number]): string {
  return `${kind.padEnd(12)} ${(fromNs / 1e9).toFixed(1)} s to ${(toNs / 1e9).toFixed(1)} s: ${what}`;
}

/** One row for each function, and for each distribution that the workload's checker found. */
function latencyTable(latency: Part["figures"], workload: Part["figures"]): string[] {
  const rows = [...Object.entries(latency), ...Object.entries(workload)].filter(([, figures]) =>
    isDistribution(figures),
  );
  if (rows.length === 0) return [];
  const names = rows.map(([name]) => spaced(name));
  const width = Math.max(11, ...names.map((name) => name.length + 2));
  const cells = (values: readonly string[]): string => values.map((value) => value.padStart(9)).join("");
  const row = (name: string, figures: unknown): string => {
    const at = figures as Readonly<Record<string, number>>;
    return `  ${name.padEnd(width - 2)}${cells(shares.map(([share]) => Number(at[share]).toFixed(1)))}`;
  };
  return [
    `${"latency, ms".padEnd(width)}${cells(shares.map(([, name]) => name))}`,
    ...rows.map(([, figures], at) => row(names[at] ?? "", figures)),
  ];
}

/** `stableLatenciesMs` as `stable latencies`: the unit is told above. */
function spaced(name: string): string {
  return name.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function isDistribution(figures: unknown): boolean {
  return isRecord(figures) && shares.every(([share]) => typeof figures[share] === "number");
}
