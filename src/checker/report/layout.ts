import type { History, Operation } from "../history.ts";

/** A call as a bar: where it begins and ends, in which row, and what is written on it. */
export interface Bar<Call, Result> {
  readonly operation: Operation<Call, Result>;
  readonly from: number;
  readonly to: number;
  readonly row: number;
  readonly label: string;
}

/** A place on the line that joins the calls of an order. */
export interface Point {
  readonly x: number;
  readonly row: number;
}

/** What is drawn, in pixels from left to right and in rows from top to bottom. */
export interface Layout<Call, Result> {
  readonly width: number;
  /** The client of each row; more than one row for a client that calls again while a call is open. */
  readonly rows: readonly string[];
  readonly bars: readonly Bar<Call, Result>[];
  readonly points: readonly Point[];
}

const gap = 7;
const characterWidth = 6.7;
const labelPadding = 12;
const labelWidthMax = 190;
const edge = 8;

/**
 * Lays out calls by the order of their calls and returns: moments are as far apart as what is written between them
 * needs, and time is not to scale. At equal times calls come first, as they do for the checker.
 */
export function layOutBars<Call, Result>(
  calls: History<Call, Result>,
  order: History<Call, Result>,
  labelOf: (operation: Operation<Call, Result>) => string,
): Layout<Call, Result> {
  const moments = calls
    .flatMap((operation) => [
      { operation, time: operation.calledAt, isReturn: false },
      { operation, time: operation.returnedAt ?? Number.POSITIVE_INFINITY, isReturn: true },
    ])
    .sort((left, right) => compare(left.time, right.time) || Number(left.isReturn) - Number(right.isReturn));
  const begun = new Map<
    Operation<Call, Result>,
    { readonly from: number; readonly rank: number; readonly row: number }
  >();
  const rows = new Rows();
  const xs: number[] = [];
  const bars: Bar<Call, Result>[] = [];
  let x = edge - gap;
  for (const [rank, { operation, isReturn }] of moments.entries()) {
    x += gap;
    const start = begun.get(operation);
    if (!isReturn) begun.set(operation, { from: x, rank, row: rows.take(operation.client) });
    else if (start !== undefined) {
      const label = labelOf(operation);
      const width = Math.min(labelWidthMax, label.length * characterWidth + labelPadding);
      x = Math.max(x, start.from + width);
      bars.push({ operation, from: start.from, to: x, row: start.row, label });
      rows.release(start.row);
    }
    xs.push(x);
  }
  const { names, places } = rows.sorted();
  const points = pointsOf(
    order.map((each) => begun.get(each) ?? { rank: 0, row: 0 }),
    xs,
  );
  const placed = <Thing extends { readonly row: number }>(thing: Thing): Thing => ({
    ...thing,
    row: places[thing.row] ?? 0,
  });
  return { width: x + edge, rows: names, bars: bars.map(placed), points: points.map(placed) };
}

/** Each call of an order takes effect once it and all calls before it have begun, and before the next moment. */
function pointsOf(order: readonly { readonly rank: number; readonly row: number }[], xs: readonly number[]): Point[] {
  const intervals = new Map<number, number[]>();
  let latest = 0;
  for (const { rank, row } of order) {
    latest = Math.max(latest, rank);
    const interval = intervals.get(latest);
    if (interval === undefined) intervals.set(latest, [row]);
    else interval.push(row);
  }
  return [...intervals].flatMap(([rank, rowsOf]) => {
    const from = xs[rank] ?? 0;
    const width = (xs[rank + 1] ?? from + gap) - from;
    return rowsOf.map((row, at) => ({ x: from + (width * (at + 1)) / (rowsOf.length + 1), row }));
  });
}

/** Rows for clients: a free one of the client's own, or a new one. */
class Rows {
  readonly #clients: string[] = [];
  readonly #free = new Map<string, number[]>();

  take(client: string): number {
    return this.#free.get(client)?.pop() ?? this.#clients.push(client) - 1;
  }

  release(row: number): void {
    const client = this.#clients[row] ?? "";
    const free = this.#free.get(client);
    if (free === undefined) this.#free.set(client, [row]);
    else free.push(row);
  }

  /** Rows of one client stand together, and clients in the order of their names. */
  sorted(): { readonly names: readonly string[]; readonly places: readonly number[] } {
    const order = [...this.#clients.keys()].sort((left, right) =>
      compareNames(this.#clients[left] ?? "", this.#clients[right] ?? ""),
    );
    const places = new Array<number>(order.length).fill(0);
    for (const [place, row] of order.entries()) places[row] = place;
    return { names: order.map((row) => this.#clients[row] ?? ""), places };
  }
}

/** Numbers as numbers, so that `c10` comes after `c9`. */
function compareNames(left: string, right: string): number {
  const number = (name: string) => Number(/\d+$/.exec(name)?.[0] ?? -1);
  const stem = (name: string) => name.replace(/\d+$/, "");
  return compare(stem(left), stem(right)) || number(left) - number(right);
}

function compare<Value extends number | string>(left: Value, right: Value): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
