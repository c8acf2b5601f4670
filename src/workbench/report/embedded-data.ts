import { pairEvents } from "../../checker/operations/event.ts";
import { formatJson } from "../network/json.ts";
import type { JournalMessage } from "../run/journal.ts";
import type { RecordedRun } from "../run/recorded-run.ts";

/** Messages that the page holds, the first ones: a browser still scrolls through them. */
const messagesMax = 100_000;
/** Text of message bodies in all; beyond it only their types are kept. */
const bodiesLengthMax = 4_000_000;
const bodyLengthMax = 300;
const typesMax = 60;
const rowsMax = 280;
const operationsMax = 20_000;
const valueLengthMax = 120;

/** What the scripts of the page draw from, as JSON that is safe inside of a script element. */
export function embedData(run: RecordedRun): string {
  const data = {
    durationMs: run.durationNs / 1e6,
    bands: run.bands.map(({ kind, what, fromNs, toNs }) => [kind, what, fromNs / 1e6, toNs / 1e6]),
    messages: packMessages(run),
    operations: packOperations(run),
  };
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

/** Names with their numbers; those beyond a maximum share the last one. */
class Names {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.list.length === this.#max) this.list.push("others");
    if (this.list.length > this.#max) return this.#max;
    this.#numbers.set(name, this.list.length);
    return this.list.push(name.slice(0, 60)) - 1;
  }
}

/**
 * Columns instead of objects, since there are many. Rows are: all clients as one, nodes, services. Times are in whole
 * microseconds; `took` is -1 for what never arrived.
 */
function packMessages({ messages, nodes, traffic }: RecordedRun): object {
  const rows = new Names(rowsMax);
  for (const name of ["clients", ...nodes]) rows.numberOf(name);
  const types = new Names(typesMax);
  const fates = new Names(20);
  fates.numberOf("received");
  const rowOf = (name: string): number => rows.numberOf(name.startsWith("c") ? "clients" : name);
  const kept = messages.slice(0, messagesMax);
  let lengthLeft = bodiesLengthMax;
  const bodies = kept.map(({ body }) => {
    if (lengthLeft <= 0) return "";
    const text = cut(formatJson(body), bodyLengthMax);
    lengthLeft -= text.length;
    return text;
  });
  return {
    total: traffic.all.sent,
    rows: rows.list,
    nodes: nodes.length,
    types: types.list,
    fates: fates.list,
    src: kept.map(({ src }) => rowOf(src)),
    dest: kept.map(({ dest }) => rowOf(dest)),
    sent: kept.map(({ sentNs }) => Math.round(sentNs / 1e3)),
    took: kept.map(({ sentNs, receivedNs }) =>
      receivedNs === undefined ? -1 : Math.round((receivedNs - sentNs) / 1e3),
    ),
    type: kept.map(({ body }) => types.numberOf(typeof body.type === "string" ? body.type : "no type")),
    fate: kept.map((message) => fates.numberOf(fateOf(message))),
    doubled: kept.flatMap(({ duplicateOf }, at) => (duplicateOf === undefined ? [] : [at])),
    bodies,
  };
}

function fateOf({ lost, receivedNs }: JournalMessage): string {
  if (lost !== undefined) return `lost: ${lost}`;
  return receivedNs === undefined ? "on its way" : "received";
}

/** A row for each request: event, time in ms, process, node, function, value, outcome, result or error, ms it took. */
function packOperations({ history }: RecordedRun): object {
  const pairs = pairEvents(history);
  const rows = pairs
    .slice(0, operationsMax)
    .map(({ index, invoked, completed }) => [
      index,
      invoked.timeNs / 1e6,
      invoked.process,
      invoked.node ?? completed?.node ?? "",
      invoked.f,
      spell(invoked.value),
      completed?.type ?? "open",
      completed === undefined ? "" : completed.type === "ok" ? spell(completed.value) : (completed.error ?? ""),
      completed === undefined ? -1 : (completed.timeNs - invoked.timeNs) / 1e6,
    ]);
  return { total: pairs.length, rows };
}

function spell(value: unknown): string {
  return value === null || value === undefined ? "" : cut(formatJson(value), valueLengthMax);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
