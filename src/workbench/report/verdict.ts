import type { Anomaly, Validity } from "../../checker/operations/judgement.ts";
import { escapeHtml } from "../../checker/report/picture.ts";
import type { Part, RecordedRun } from "../run/recorded-run.ts";

/** Anomalies of one part that are in sight, and that are written out; a checker counts all among its figures. */
const inSight = 6;
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
  const shown = anomalies.slice(0, anomaliesMax).map((anomaly) => drawAnomaly(anomaly, timeOf));
  const left = anomalies.length - shown.length;
  const rows = Object.entries(figures).flatMap(([key, value]) => {
    return value === undefined ? [] : [`<tr><th>${escapeHtml(words(key))}</th><td>${drawFigure(value)}</td></tr>`];
  });
  return [
    `<details class="part"${valid === true ? "" : " open"}><summary>${escapeHtml(name)}`,
    `<span class="badge ${verdictWords(valid)}">${verdictWords(valid)}</span></summary>`,
    ...shown.slice(0, inSight),
    ...(shown.length > inSight
      ? [`<details><summary>${shown.length - inSight} more</summary>`, ...shown.slice(inSight), "</details>"]
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

/** Plain data: numbers and words as they are, small tables of them as tables, the rest as JSON. */
function drawFigure(value: unknown): string {
  if (typeof value === "number") return escapeHtml(value.toLocaleString("en", { maximumFractionDigits: 4 }));
  if (typeof value === "string") return escapeHtml(cut(value, figureMax));
  return `<code>${escapeHtml(cut(JSON.stringify(value) ?? "", figureMax))}</code>`;
}

/** `stableLatenciesMs` as `stable latencies ms`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
