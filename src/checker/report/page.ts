import type { Model } from "../model.ts";
import { drawFigure, escapeHtml, type Figure } from "./picture.ts";

/** One drawing with what is to be said about it. */
export interface Section<Call, Result> extends Figure<Call, Result> {
  readonly title: string;
  readonly text: string;
  /** Folded away at first. */
  readonly isFolded?: boolean;
}

/** Most calls drawn in one page: a browser still scrolls them smoothly. */
const callsMax = 5000;

/** A page that needs nothing but itself: no script from elsewhere, no font, no network. */
export function drawPage<Call, Result>(
  title: string,
  sections: readonly Section<Call, Result>[],
  { describe }: Pick<Model<never, Call, Result>, "describe">,
): string {
  const drawn: string[] = [];
  let room = callsMax;
  for (const section of sections) {
    if (room <= 0) break;
    const shown = cut(section, room);
    room -= shown.calls.length;
    const left = section.calls.length - shown.calls.length;
    const note = left === 0 ? "" : ` (${left} calls are not shown)`;
    drawn.push(
      `<details${section.isFolded ? "" : " open"}><summary>${escapeHtml(section.title)}</summary>`,
      `<p>${escapeHtml(section.text)}${note}</p>`,
      drawFigure(shown, describe),
      "</details>",
    );
  }
  const parts = sections.length - drawn.length / 4;
  if (parts > 0) drawn.push(`<p>${parts} more parts are not shown.</p>`);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escapeHtml(title)}</h1>`,
    ...drawn,
    legend,
    `<script>${script}</script></body></html>`,
    "",
  ].join("\n");
}

/** The calls around the one that is stuck, or else the first ones. */
function cut<Call, Result>(figure: Figure<Call, Result>, count: number): Figure<Call, Result> {
  if (figure.calls.length <= count) return figure;
  const inTime = [...figure.calls].sort((left, right) => left.calledAt - right.calledAt);
  const at = figure.stuck === undefined ? 0 : inTime.indexOf(figure.stuck);
  const end = Math.max(count, Math.min(inTime.length, at + Math.ceil(count / 4)));
  const calls = inTime.slice(end - count, end);
  const held = new Set(calls);
  return { ...figure, calls, order: figure.order.filter((each) => held.has(each)) };
}

const legend = `<p class="legend"><span class="placed">in the order, with its number</span>
<span class="stuck">no order gets past it</span>
<span class="later">not reached</span>
<span class="unused">never answered, and not needed</span>
Left to right: the order of calls and returns, not to scale. Hover over a call for its times.</p>`;

const style = `
:root { color-scheme: light dark; --ink: #1c2127; --paper: #fff; --rule: #dfe3e8; --soft: #5c6773;
  --placed: #d8e8fb; --placed-line: #3d7fc4; --stuck: #c5221f; --later: #eef0f2; --order: #e07b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #15181c; --rule: #30363d; --soft: #97a3af;
  --placed: #1d3b5a; --placed-line: #6aaaf0; --stuck: #d93a36; --later: #24292f; --order: #ffa23e; } }
body { margin: 1.5rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.15rem; } summary { font-weight: 600; cursor: pointer; } p { max-width: 60rem; margin: .4rem 0; }
details { margin: 1rem 0; }
.chart { display: flex; border: 1px solid var(--rule); border-radius: 6px; overflow: auto; max-height: 85vh; }
.names { flex: none; position: sticky; left: 0; z-index: 1; background: var(--paper);
  border-right: 1px solid var(--rule); }
.names div { height: 30px; line-height: 30px; padding: 0 .7rem; font: 12px/30px ui-monospace, monospace; }
.scroll { flex: none; }
svg { display: block; background: repeating-linear-gradient(var(--paper) 0 29px, var(--rule) 29px 30px); }
svg text { font: 11px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); }
rect { fill: var(--later); stroke: var(--soft); } g:hover rect { stroke-width: 2; stroke: var(--ink); }
.placed rect { fill: var(--placed); stroke: var(--placed-line); }
.stuck rect { fill: var(--stuck); stroke: var(--stuck); } .stuck text { fill: #fff; font-weight: 600; }
.open rect { stroke-dasharray: 4 3; } .unused rect { fill: none; } .unused text { fill: var(--soft); }
polyline { fill: none; stroke: var(--order); stroke-width: 1.2; opacity: .8; pointer-events: none; }
circle { fill: var(--order); pointer-events: none; }
.legend { color: var(--soft); } .legend span { display: inline-block; padding: 0 .5rem; margin-right: .5rem;
  border: 1px solid var(--soft); border-radius: 4px; color: var(--ink); background: var(--later); }
.legend .placed { background: var(--placed); } .legend .stuck { background: var(--stuck); color: #fff; }
.legend .unused { background: none; border-style: dashed; }`;

/** Brings the call that is stuck into sight. */
const script = `
const show = (root) => root.querySelectorAll("[data-stuck]").forEach((stuck) => {
  const chart = stuck.closest(".chart"), box = stuck.getBoundingClientRect(), frame = chart.getBoundingClientRect();
  chart.scrollLeft += box.left - frame.left - frame.width * 0.6;
  chart.scrollTop += box.top - frame.top - frame.height / 2;
});
document.querySelectorAll("details").forEach((each) => each.addEventListener("toggle", () => show(each)));
show(document);`;
