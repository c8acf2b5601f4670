/** Types of messages are told apart by so many hues. */
const hues = 8;

/** The looks of a report, by day and by night. */
export const style: string = `
:root { color-scheme: light dark; --ink: #1c2127; --paper: #fff; --rule: #dfe3e8; --soft: #5c6773; --panel: #f6f7f9;
  --ok: #2f74c0; --fail: #c5221f; --info: #d77a00; --valid: #1a7f37; --invalid: #c5221f; --unknown: #9a6700;
  --band: #c5221f22; --accent: #3d7fc4;
  --t0: #2f74c0; --t1: #b3409a; --t2: #1d8a6b; --t3: #c2611f; --t4: #6b5bd2; --t5: #8a7a1d; --t6: #1795a8;
  --t7: #7a4b3a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #15181c; --rule: #30363d; --soft: #97a3af;
  --panel: #1c2026; --ok: #6aaaf0; --fail: #ff7b72; --info: #ffa23e; --valid: #3fb950; --invalid: #ff7b72;
  --unknown: #d29922; --band: #ff7b7226; --accent: #6aaaf0;
  --t0: #6aaaf0; --t1: #e88bd6; --t2: #4fc3a1; --t3: #f0955a; --t4: #a99bff; --t5: #d3c04f; --t6: #56c8da;
  --t7: #c79a86; } }
body { margin: 1.5rem auto; padding: 0 1.5rem; max-width: 1400px; font: 15px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; } p { margin: .3rem 0; }
code, pre, td { font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
code, pre { overflow-wrap: anywhere; white-space: pre-wrap; }
pre { margin: .3rem 0; padding: .5rem .7rem; background: var(--panel); border-radius: 6px; }
.soft, .legend { color: var(--soft); } summary { cursor: pointer; font-weight: 600; }
.badge { margin-left: .5rem; padding: 0 .5rem; border-radius: 4px; font-size: .8rem; font-weight: 600;
  color: var(--paper); background: var(--soft); }
.badge.valid { background: var(--valid); } .badge.invalid { background: var(--invalid); }
.badge.unknown { background: var(--unknown); }
.part { margin: .4rem 0; padding: .3rem .7rem; border: 1px solid var(--rule); border-radius: 6px; }
.anomaly { margin: .6rem 0; padding-left: .7rem; border-left: 3px solid var(--invalid); }
.figures { border-collapse: collapse; margin: .3rem 0; } .figures th { text-align: left; font-weight: 400;
  color: var(--soft); padding: 0 1rem 0 0; vertical-align: top; white-space: nowrap; }
.controls { display: flex; flex-wrap: wrap; gap: .5rem .9rem; align-items: center; margin: .4rem 0; }
select, button { font: inherit; font-size: 13px; color: inherit; background: var(--panel); max-width: 16rem;
  border: 1px solid var(--rule); border-radius: 4px; padding: .1rem .4rem; } button { cursor: pointer; }
button:hover { border-color: var(--accent); } label { color: var(--soft); font-size: 13px; }
.chart { display: flex; border: 1px solid var(--rule); border-radius: 6px; overflow: hidden auto; max-height: 80vh; }
.names { flex: none; border-right: 1px solid var(--rule); }
.names div { padding: 0 .7rem; font: 12px ui-monospace, monospace; white-space: nowrap; max-width: 12rem;
  overflow: hidden; text-overflow: ellipsis; }
.scroll { flex: auto; min-width: 0; } svg { display: block; width: 100%; }
#overview { height: 44px; margin: .4rem 0; cursor: pointer; background: var(--panel); border-radius: 4px; }
#overview .bar { fill: var(--soft); opacity: .55; } #overview .view { fill: none; stroke: var(--accent);
  stroke-width: 2; }
#diagram { cursor: grab; touch-action: pan-y; user-select: none; } #diagram .row { stroke: var(--rule); }
svg text { font: 11px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--soft); }
svg text.end { text-anchor: end; } .band { fill: var(--band); }
#diagram .m { fill: none; stroke-width: 1.3; opacity: .85; cursor: pointer; }
#diagram .m:hover, #diagram .m.chosen { stroke-width: 3; opacity: 1; } #diagram .m.lost { stroke: var(--fail);
  stroke-dasharray: 4 3; }
#diagram .m.doubled { stroke-dasharray: 1 3; } #diagram .cross { stroke: var(--fail); stroke-width: 1.5; }
${forHues((hue) => `.h${hue} { stroke: var(--t${hue}); fill: var(--t${hue}); }`)}
.legend span { display: inline-block; margin-right: .9rem; } .legend i { display: inline-block; width: 1.4rem;
  height: 3px; margin: 0 .35rem .2rem 0; background: currentColor; }
${forHues((hue) => `.legend .h${hue} i { background: var(--t${hue}); }`)}
.plot { max-width: 1100px; } .plot line { stroke: var(--rule); } .plot circle { opacity: .55; }
circle.ok { fill: var(--ok); } circle.fail { fill: var(--fail); } circle.info { fill: var(--info); }
.plot path { fill: none; stroke-width: 1.6; } .q50 { stroke: var(--ink); } .q95 { stroke: var(--soft); }
.q100 { stroke: var(--soft); stroke-dasharray: 3 3; } .rate { fill: none; stroke-width: 1.8; }
.rate.ok { stroke: var(--ok); } .rate.fail { stroke: var(--fail); } .rate.info { stroke: var(--info); }
.legend .ok { color: var(--ok); } .legend .fail { color: var(--fail); } .legend .info { color: var(--info); }
.legend .dot::before { content: "● "; } .legend .line::before { content: "— "; color: var(--ink); }
.legend .q95::before { color: var(--soft); } .legend .q100::before { content: "┄ "; color: var(--soft); }
.legend .band::before { content: "■ "; color: var(--band); }
.table { overflow: auto; max-height: 70vh; border: 1px solid var(--rule); border-radius: 6px; }
.table table { border-collapse: collapse; width: 100%; } .table th { position: sticky; top: 0; text-align: left;
  background: var(--panel); font-size: 13px; } .table th, .table td { padding: .1rem .6rem; max-width: 26rem;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .table tr:nth-child(even) td { background: var(--panel); }
td.fail { color: var(--fail); } td.info, td.open { color: var(--info); } td.ok { color: var(--ok); }
`;

function forHues(rule: (hue: number) => string): string {
  return Array.from({ length: hues }, (_, hue) => rule(hue)).join(" ");
}
