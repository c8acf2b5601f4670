import type { Bytes } from "../../base/bytes.ts";
import type { Entry, SnapshotName } from "../../protocols/replicated-log.ts";
import type { Delivery } from "../api.ts";
import { AbortedError, OptionError } from "../errors.ts";

type Item =
  | { readonly kind: "entries"; readonly from: number; readonly entries: readonly Entry[] }
  | { readonly kind: "snapshot"; readonly snapshot: SnapshotName };

/** The agreed order on its way to its one reader. The core's window of credit bounds what is queued. */
export class Deliveries {
  readonly #acknowledge: (index: number) => void;
  readonly #content: (snapshot: SnapshotName) => AsyncIterable<Bytes>;
  #items: Item[] = [];
  /** The last index that was a reader's and is forgotten here: no reader can have it again. */
  #gone = 0;
  #wake: (() => void) | undefined;
  #isReading = false;
  #isClosed = false;

  constructor(
    acknowledge: (index: number) => void,
    content: (snapshot: SnapshotName) => AsyncIterable<Bytes>,
    start: SnapshotName | undefined,
  ) {
    this.#acknowledge = acknowledge;
    this.#content = content;
    if (start !== undefined) this.#items.push({ kind: "snapshot", snapshot: start });
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** Ends the reader, once it has taken what is queued. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /**
   * The order after `from`.
   *
   * An item is acknowledged, and forgotten, when the next is asked for; a later reader gets it again otherwise.
   */
  async *read(from: number, signal: AbortSignal | undefined): AsyncGenerator<Delivery, void, undefined> {
    if (this.#isReading) throw new TypeError("committed() has one reader at a time: end the other loop first");
    if (!Number.isSafeInteger(from) || from < 0) throw new OptionError("from", "must be a whole number from 0 on");
    if (from < this.#gone) throw new OptionError("from", `must be at least ${this.#gone}, which was acknowledged`);
    this.#isReading = true;
    const wake = () => this.#wake?.();
    signal?.addEventListener("abort", wake);
    try {
      for (;;) {
        if (signal?.aborted) throw new AbortedError("not-applied", { cause: signal.reason });
        const item = this.#items[0];
        if (item !== undefined) {
          const delivery = this.#present(item, from);
          if (delivery !== undefined) yield delivery;
          this.#items.shift();
          this.#gone = Math.max(this.#gone, lastShown(item));
          this.#acknowledge(lastOf(item));
        } else if (this.#isClosed) return;
        else await this.#news();
      }
    } finally {
      this.#isReading = false;
      signal?.removeEventListener("abort", wake);
    }
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  /** What the reader sees of an item: nothing of what it has already, nor of the protocol's own entries. */
  #present(item: Item, from: number): Delivery | undefined {
    if (item.kind === "snapshot") {
      const { snapshot } = item;
      const content = { [Symbol.asyncIterator]: () => this.#content(snapshot)[Symbol.asyncIterator]() };
      return snapshot.index <= from ? undefined : { kind: "snapshot", index: snapshot.index, content };
    }
    const entries: { index: number; payload: Bytes }[] = [];
    let index = item.from;
    for (const entry of item.entries) {
      if (entry.kind === "payload" && index > from) entries.push({ index, payload: entry.payload });
      index++;
    }
    return entries.length === 0 ? undefined : { kind: "entries", entries };
  }
}

/** The last index that readers know of: they do not see the protocol's own entries. */
function lastShown(item: Item): number {
  if (item.kind === "snapshot") return item.snapshot.index;
  return item.from + item.entries.findLastIndex((entry) => entry.kind === "payload");
}

function lastOf(item: Item): number {
  return item.kind === "snapshot" ? item.snapshot.index : item.from + item.entries.length - 1;
}
