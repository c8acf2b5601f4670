import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { type Bar, layOutBars, type Point } from "./layout.ts";

/** What a picture shows: calls, an order of them, and perhaps the call that no order gets past. */
export interface Figure<Call, Result> {
  readonly calls: History<Call, Result>;
  readonly order: History<Call, Result>;
  readonly stuck?: Operation<Call, Result>;
}

type Describe<Call, Result> = Model<never, Call, Result>["describe"];

const rowHeight = 30;
const barHeight = 20;
const characterWidth = 6.7;

/** Who called what and when, a row for each client, as a drawing in HTML. */
export function drawFigure<Call, Result>(
  { calls, order, stuck }: Figure<Call, Result>,
  describe: Describe<Call, Result>,
): string {
  const places = new Map(order.map((each, at) => [each, at + 1]));
  const labelOf = (each: Operation<Call, Result>): string => {
    const place = places.get(each);
    return `${place === undefined ? "" : `${place}  `}${describe(each.call, each.result)}`;
  };
  const { width, rows, bars, points } = layOutBars(calls, order, labelOf);
  const names = rows.map((name, row) => `<div>${name === rows[row - 1] ? "" : escapeHtml(name)}</div>`);
  const height = rows.length * rowHeight;
  const drawn = bars.map((bar) => drawBar(bar, places.get(bar.operation), bar.operation === stuck));
  return [
    '<div class="chart">',
    `<div class="names">${names.join("")}</div>`,
    `<div class="scroll"><svg width="${round(width)}" height="${height}">`,
    ...drawn,
    ...drawOrder(points),
    "</svg></div></div>",
  ].join("\n");
}

function drawBar<Call, Result>(
  { operation, from, to, row, label }: Bar<Call, Result>,
  place: number | undefined,
  isStuck: boolean,
): string {
  const { client, calledAt, returnedAt } = operation;
  const y = row * rowHeight + (rowHeight - barHeight) / 2;
  const isOpen = returnedAt === undefined;
  const kind = isStuck ? "stuck" : place !== undefined ? "placed" : isOpen ? "unused" : "later";
  const room = Math.floor((to - from - 8) / characterWidth);
  const shown = label.length <= room ? label : room < 2 ? "" : `${label.slice(0, room - 1)}…`;
  const when = isOpen ? `called at ${calledAt}, never answered` : `${calledAt} to ${returnedAt}`;
  const title = `${client}: ${label.replace(/^\d+ {2}/, "")}\n${when}\n${meaningOf(kind, place)}`;
  return [
    `<g class="${kind}${isOpen ? " open" : ""}"${isStuck ? " data-stuck" : ""}><title>${escapeHtml(title)}</title>`,
    `<rect x="${round(from)}" y="${y}" width="${round(to - from)}" height="${barHeight}" rx="4"/>`,
    shown === "" ? "" : `<text x="${round(from + 5)}" y="${y + 14}">${escapeHtml(shown)}</text>`,
    "</g>",
  ].join("");
}

function meaningOf(kind: "stuck" | "placed" | "unused" | "later", place: number | undefined): string {
  switch (kind) {
    case "stuck":
      return "no order gets past this call";
    case "placed":
      return `number ${place} of the order`;
    case "unused":
      return "need not have taken effect";
    case "later":
      return "not reached by the order";
  }
}

function drawOrder(points: readonly Point[]): string[] {
  if (points.length === 0) return [];
  const at = points.map(({ x, row }) => ({ x: round(x), y: row * rowHeight + rowHeight / 2 + barHeight / 2 }));
  return [
    `<polyline points="${at.map(({ x, y }) => `${x},${y}`).join(" ")}"/>`,
    ...at.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="2.5"/>`),
  ];
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
