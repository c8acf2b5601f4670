import { type OperationPair, pairEvents } from "../../checker/operations/event.ts";
import { escapeHtml } from "../../checker/report/picture.ts";
import type { FaultBand, RecordedRun } from "../run/recorded-run.ts";

const width = 1000;
const height = 240;
const [left, right, top, bottom] = [60, 24, 12, 24];
/** Points drawn; of more, each so-manieth is. */
const pointsMax = 4000;
const binsMax = 50;
/** Fault bands drawn. */
const bandsMax = 500;

type Outcome = "ok" | "fail" | "info";

interface Finished {
  readonly atMs: number;
  readonly tookMs: number;
  readonly f: string;
  readonly outcome: Outcome;
}

/** A value's place on an axis, in pixels. */
type Scale = (value: number) => number;

/** Each request by when it was asked and how long it took, with medians and the like, on a logarithmic scale. */
export function drawLatencies(run: RecordedRun): string {
  const requests = finished(run);
  if (requests.length === 0) return '<p class="soft">No request has ended.</p>';
  const x = timeScale(run.durationNs);
  const { y, ticks } = durationScale(requests);
  const every = Math.ceil(requests.length / pointsMax);
  const points = requests
    .filter((_, at) => at % every === 0)
    .map(({ atMs, tookMs, f, outcome }) => {
      const title = `${f} at ${(atMs / 1e3).toFixed(3)} s: ${outcome} after ${tookMs.toFixed(2)} ms`;
      const place = `cx="${round(x(atMs))}" cy="${round(y(tookMs))}"`;
      return `<circle class="${outcome}" ${place} r="2"><title>${escapeHtml(title)}</title></circle>`;
    });
  const oks = requests.filter(({ outcome }) => outcome === "ok");
  const lines = [0.5, 0.95, 1].map((share) => drawLine(binned(oks, run.durationNs), x, y, share));
  const sample = every === 1 ? "" : ` One of ${every} requests is drawn.`;
  return [
    frame(
      run,
      x,
      ticks.map((ms) => [y(ms), ms < 1000 ? `${ms} ms` : `${ms / 1000} s`]),
      [...points, ...lines],
    ),
    `<p class="legend">${outcomeLegend}<span class="line q50">median</span><span class="line q95">95 %</span>`,
    `<span class="line q100">longest</span><span class="band">fault</span>${sample}</p>`,
  ].join("\n");
}

/** Requests a second by how they ended. */
export function drawRates(run: RecordedRun): string {
  const requests = finished(run);
  if (requests.length === 0) return '<p class="soft">No request has ended.</p>';
  const x = timeScale(run.durationNs);
  const binMs = binLength(run.durationNs);
  const rates = (["ok", "fail", "info"] as const).flatMap((outcome) => {
    const own = requests.filter((request) => request.outcome === outcome);
    if (own.length === 0) return [];
    const bins = binned(own, run.durationNs).map(({ middleMs, requests }) => {
      return { middleMs, rate: (requests.length * 1e3) / binMs };
    });
    return { outcome, bins };
  });
  const highest = Math.max(1, ...rates.flatMap(({ bins }) => bins.map(({ rate }) => rate)));
  const y: Scale = (rate) => height - bottom - (rate / highest) * (height - bottom - top);
  const step = niceStep(highest / 4);
  const ticks = Array.from({ length: Math.floor(highest / step) + 1 }, (_, at) => at * step);
  const lines = rates.map(({ outcome, bins }) => {
    const points = bins.map(({ middleMs, rate }) => `${round(x(middleMs))},${round(y(rate))}`);
    return `<polyline class="rate ${outcome}" points="${points.join(" ")}"/>`;
  });
  return [
    frame(
      run,
      x,
      ticks.map((rate) => [y(rate), `${rate}/s`]),
      lines,
    ),
    `<p class="legend">${outcomeLegend}<span class="band">fault</span></p>`,
  ].join("\n");
}

const outcomeLegend =
  '<span class="dot ok">ok</span><span class="dot fail">fail: had no effect</span><span class="dot info">info: nobody knows</span>';

function finished({ history }: RecordedRun): Finished[] {
  return pairEvents(history).flatMap(({ invoked, completed }: OperationPair): Finished[] => {
    if (completed === undefined || completed.type === "invoke") return [];
    const tookMs = (completed.timeNs - invoked.timeNs) / 1e6;
    return [{ atMs: invoked.timeNs / 1e6, tookMs, f: invoked.f, outcome: completed.type }];
  });
}

/** Durations on a logarithmic scale, with a line at each power of ten. */
function durationScale(requests: readonly Finished[]): { readonly y: Scale; readonly ticks: readonly number[] } {
  const shortest = requests.reduce((low, { tookMs }) => Math.min(low, tookMs), 1);
  const longest = requests.reduce((high, { tookMs }) => Math.max(high, tookMs), 1);
  const lowest = 10 ** Math.floor(Math.log10(Math.max(0.01, shortest)));
  const decades = Math.max(1, Math.ceil(Math.log10(longest / lowest)));
  const y: Scale = (ms) => {
    return height - bottom - (Math.log10(Math.max(ms, lowest) / lowest) / decades) * (height - bottom - top);
  };
  return { y, ticks: Array.from({ length: decades + 1 }, (_, power) => lowest * 10 ** power) };
}

function timeScale(durationNs: number): Scale {
  return (ms) => left + (ms / Math.max(1, durationNs / 1e6)) * (width - left - right);
}

function binLength(durationNs: number): number {
  return Math.max(100, niceStep(durationNs / 1e6 / binsMax));
}

/** Requests that were asked within a short time. */
interface Bin {
  readonly middleMs: number;
  readonly requests: Finished[];
}

function binned(requests: readonly Finished[], durationNs: number): Bin[] {
  const binMs = binLength(durationNs);
  const count = Math.ceil(durationNs / 1e6 / binMs);
  const bins = Array.from({ length: count }, (_, at): Bin => ({ middleMs: (at + 0.5) * binMs, requests: [] }));
  for (const request of requests) bins[Math.floor(request.atMs / binMs)]?.requests.push(request);
  return bins;
}

/** A share of the requests of each bin took no longer than the line shows; bins without any leave a gap. */
function drawLine(bins: readonly Bin[], x: Scale, y: Scale, share: number): string {
  let path = "";
  let isDrawing = false;
  for (const { middleMs, requests } of bins) {
    const took = requests.map(({ tookMs }) => tookMs).sort((one, other) => one - other);
    const value = took[Math.min(took.length - 1, Math.floor(took.length * share))];
    if (value !== undefined) path += `${isDrawing ? "L" : "M"}${round(x(middleMs))} ${round(y(value))}`;
    isDrawing = value !== undefined;
  }
  return `<path class="q${share * 100}" d="${path}"/>`;
}

function frame(
  { durationNs, bands }: RecordedRun,
  x: Scale,
  rows: readonly (readonly [y: number, label: string])[],
  drawn: readonly string[],
): string {
  const seconds = durationNs / 1e9;
  const step = niceStep(seconds / 10);
  const columns = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, at) => Number((at * step).toPrecision(6)));
  return [
    `<svg class="plot" viewBox="0 0 ${width} ${height}">`,
    ...bands.slice(0, bandsMax).map((band) => drawBand(band, x)),
    ...rows.map(([y, label]) => {
      const text = `<text x="${left - 6}" y="${round(y + 4)}" class="end">${escapeHtml(label)}</text>`;
      return `<line x1="${left}" x2="${width - right}" y1="${round(y)}" y2="${round(y)}"/>${text}`;
    }),
    ...columns.map((second) => `<text x="${round(x(second * 1e3))}" y="${height - 6}">${second} s</text>`),
    ...drawn,
    "</svg>",
  ].join("\n");
}

function drawBand({ kind, what, fromNs, toNs }: FaultBand, x: Scale): string {
  const [from, to] = [x(fromNs / 1e6), x(toNs / 1e6)];
  const title = escapeHtml(`${kind}: ${what}`);
  const size = `width="${round(Math.max(1, to - from))}" height="${height - top - bottom}"`;
  return `<rect class="band" x="${round(from)}" y="${top}" ${size}><title>${title}</title></rect>`;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
