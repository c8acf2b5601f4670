import { writeFile } from "node:fs/promises";
import { escapeHtml } from "../../checker/report/picture.ts";
import type { RecordedRun } from "../run/recorded-run.ts";
import { describeFigures } from "../verdict/text.ts";
import { embedData } from "./embedded-data.ts";
import { drawLatencies, drawRates } from "./plots.ts";
import { diagramScript, tableScript } from "./scripts.ts";
import { style } from "./style.ts";
import { drawVerdict, verdictWords } from "./verdict.ts";

/** Writes the page of `drawReport` to a file. */
export async function writeReport(run: RecordedRun, file: string): Promise<void> {
  await writeFile(file, drawReport(run));
}

/**
 * A page about a test that needs nothing but itself: verdict, messages between nodes, latencies, rates, operations.
 *
 * Whatever nodes sent is shown as text and never run: it is escaped where it is written, the scripts only ever set
 * texts, and the page forbids itself to load anything.
 */
export function drawReport(run: RecordedRun): string {
  const title = `${run.workload}: ${verdictWords(run.valid)}`;
  const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'";
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body>`,
    drawHead(run),
    `<pre>${escapeHtml(describeFigures(run).join("\n"))}</pre>`,
    `<section><h2>Verdict</h2>${drawVerdict(run)}</section>`,
    `<section><h2>Messages</h2>${diagramFrame}</section>`,
    `<section><h2>Latencies</h2>${drawLatencies(run)}</section>`,
    `<section><h2>Rates</h2>${drawRates(run)}</section>`,
    `<section><h2>Operations</h2>${tableFrame}</section>`,
    `<script type="application/json" id="data">${embedData(run)}</script>`,
    `<script>${diagramScript}${tableScript}</script></body></html>`,
    "",
  ].join("\n");
}

function drawHead({ workload, valid, nodes, startedAt, durationNs, seed, command, traffic }: RecordedRun): string {
  const facts = [
    `${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}`,
    `${(durationNs / 1e9).toFixed(1)} s from ${startedAt}`,
    `seed ${seed}`,
    `${traffic.all.sent.toLocaleString("en")} messages, ${traffic.all.lost.toLocaleString("en")} of them lost`,
  ];
  return [
    `<h1>${escapeHtml(workload)} <span class="badge ${verdictWords(valid)}">${verdictWords(valid)}</span></h1>`,
    `<p class="soft">${escapeHtml(facts.join(" · "))}</p>`,
    `<p><code>quorate ${escapeHtml(command.join(" "))}</code></p>`,
  ].join("\n");
}

const diagramFrame = `
<div class="controls">
<label>node <select id="node"></select></label> <label>type <select id="type"></select></label>
<label>between <select id="kind"></select></label> <label>fate <select id="fate"></select></label>
<label>go to <select id="moment"></select></label>
<span class="buttons"><button id="earlier" title="earlier">◀</button><button id="closer" title="zoom in">+</button
><button id="wider" title="zoom out">−</button><button id="later" title="later">▶</button
><button id="whole">all</button></span>
</div>
<svg id="overview" role="img" aria-label="messages over time; click to go there"></svg>
<div class="chart"><div class="names" id="rows"></div><div class="scroll" id="stage"><svg id="diagram"></svg></div></div>
<p class="soft" id="window"></p><p class="legend" id="legend"></p>
<pre id="detail" hidden></pre>`;

const tableFrame = `
<div class="controls">
<label>function <select id="f"></select></label> <label>outcome <select id="outcome"></select></label>
<span class="buttons"><button id="previous" title="previous page">◀</button><button id="next" title="next page">▶</button
></span> <span class="soft" id="page"></span>
</div>
<div class="table"><table><thead><tr><th>#</th><th>at</th><th>process</th><th>node</th><th>function</th><th>value</th>
<th>outcome</th><th>result</th><th>took</th></tr></thead><tbody id="operations"></tbody></table></div>`;
