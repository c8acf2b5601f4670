import type { Anomaly, Validity } from "../../checker/operations/judgement.ts";
import { escapeHtml } from "../../checker/report/picture.ts";
import { formatJson } from "../network/json.ts";
import type { Part, RecordedRun } from "../run/recorded-run.ts";

/** Anomalies of one part that are in sight, and that are written out; a checker counts all among its figures. */
const visibleMax = 6;
const anomaliesMax = 200;
const explanationMax = 4000;
const figureMax = 1000;

/** A verdict in a word; also the name of its style. */
export function verdictWords(valid: Validity): "valid" | "invalid" | "unknown" {
  return valid === "unknown" ? "unknown" : valid ? "valid" : "invalid";
}

/** What each checker says, the worst first, with what makes it so. */
export function drawVerdict({ parts, history }: RecordedRun): string {
  const badness = ({ valid }: Part): number => (valid === false ? 0 : valid === "unknown" ? 1 : 2);
  const sorted = [...parts].sort((left, right) => badness(left) - badness(right));
  const timeOf = (event: number): number | undefined => history[event]?.timeNs;
  return sorted.map((part) => drawPart(part, timeOf)).join("\n");
}

function drawPart({ name, valid, anomalies, figures }: Part, timeOf: (event: number) => number | undefined): string {
  const firsts = anomalies.filter(({ name: kind }, at) => anomalies.findIndex((other) => other.name === kind) === at);
  const varied = [...firsts, ...anomalies.filter((anomaly) => !firsts.includes(anomaly))];
  const shown = varied.slice(0, anomaliesMax).map((anomaly) => drawAnomaly(anomaly, timeOf));
  const left = anomalies.length - shown.length;
  const rows = Object.entries(figures).flatMap(([key, value]) => {
    return value === undefined ? [] : [`<tr><th>${escapeHtml(words(key))}</th><td>${drawFigure(value)}</td></tr>`];
  });
  return [
    `<details class="part"${valid === true ? "" : " open"}><summary>${escapeHtml(name)}`,
    `<span class="badge ${verdictWords(valid)}">${verdictWords(valid)}</span></summary>`,
    ...shown.slice(0, visibleMax),
    ...(shown.length > visibleMax
      ? [`<details><summary>${shown.length - visibleMax} more</summary>`, ...shown.slice(visibleMax), "</details>"]
      : []),
    ...(left > 0 ? [`<p class="soft">${left} more are not shown.</p>`] : []),
    ...(rows.length > 0 ? [`<table class="figures"><tbody>${rows.join("")}</tbody></table>`] : []),
    "</details>",
  ].join("\n");
}

function drawAnomaly({ name, explanation, events }: Anomaly, timeOf: (event: number) => number | undefined): string {
  const places = events.slice(0, 8).flatMap((event) => {
    const timeNs = timeOf(event);
    if (timeNs === undefined) return [];
    const time = (timeNs / 1e9).toFixed(3);
    return [`<button data-time="${timeNs / 1e6}" title="show the messages around it">#${event} at ${time} s</button>`];
  });
  return [
    `<div class="anomaly"><b>${escapeHtml(name)}</b> <span class="buttons">${places.join("")}</span>`,
    `<pre>${escapeHtml(cut(explanation, explanationMax))}</pre></div>`,
  ].join("");
}

/** Numbers and words as they are, flat lists and records of them in a line, the rest as JSON. */
function drawFigure(value: unknown): string {
  if (isScalar(value)) return escapeHtml(cut(spell(value), figureMax));
  if (Array.isArray(value) && value.every(isScalar)) return escapeHtml(cut(value.map(spell).join(", "), figureMax));
  const fields = Object.entries(value as object);
  if (!Array.isArray(value) && fields.every(([, field]) => isScalar(field))) {
    return escapeHtml(cut(fields.map(([name, field]) => `${name}: ${spell(field)}`).join(" · "), figureMax));
  }
  return `<code>${escapeHtml(cut(formatJson(value), figureMax))}</code>`;
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function spell(value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: 4 });
  return typeof value === "string" ? value : String(value);
}

/** `stableLatenciesMs` as `stable latencies ms`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
