import type { Bytes } from "../../base/bytes.ts";
import type { Found, Position, SnapshotName, Want } from "../../protocols/replicated-log.ts";
import { OptionError } from "../errors.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";

type Chunks = Iterable<Bytes> | AsyncIterable<Bytes>;

/** What saving needs of its node. */
export interface SavingHost {
  /** Throws once the node is closing: it does not wait for the rest of a snapshot. */
  checkOpen(): void;
  /** The newest snapshot that the core knows. */
  known(): SnapshotName | undefined;
  /** Answers as storage does. */
  find(what: Want): Promise<Found>;
  /** The index through which the owner has acknowledged everything. */
  appliedIndex(): number;
  /** A snapshot is durable. */
  taken(snapshot: SnapshotName): void;
  failed(error: unknown): void;
}

/** Snapshots being written, from a source that may fail, or outlast the node. */
export class Saving {
  readonly #snapshots: Snapshots;
  readonly #host: SavingHost;
  #count = 0;
  #newest: SnapshotName | undefined;
  #recordedIndex = 0;

  constructor(snapshots: Snapshots, host: SavingHost) {
    this.#snapshots = snapshots;
    this.#host = host;
  }

  /** How much is under way: snapshots being written, and old ones that go. */
  get count(): number {
    return this.#count;
  }

  /** The newest one that is durable, though the core may not have heard of it yet. */
  get newest(): SnapshotName | undefined {
    const known = this.#host.known();
    return (this.#newest?.index ?? 0) > (known?.index ?? 0) ? this.#newest : known;
  }

  /** Saves the state after entry `index`. Rejects with the source's own error if it was that which failed. */
  async save(index: number, chunks: Chunks): Promise<void> {
    this.#host.checkOpen();
    this.#newest = await this.#write({ index, term: await this.#termAt(index) }, chunks);
    this.#host.taken(this.#newest);
  }

  /** What is applied and after the last snapshot is stored in the log. */
  async #termAt(index: number): Promise<number> {
    const isApplied = Number.isSafeInteger(index) && index <= this.#host.appliedIndex();
    if (isApplied && index > (this.#host.known()?.index ?? 0)) {
      const found = await this.#host.find({ kind: "entries", from: index, bytesMax: 1 });
      const entry = found.kind === "entries" ? found.entries[0] : undefined;
      if (entry !== undefined) return entry.term;
    }
    throw new OptionError("index", `must be acknowledged, and after the last snapshot: ${index} is not`);
  }

  /** The log starts at this snapshot, durably: older ones go. */
  recorded(snapshot: SnapshotName | undefined): void {
    if (snapshot === undefined || snapshot.index <= this.#recordedIndex) return;
    this.#recordedIndex = snapshot.index;
    this.#count++;
    this.#snapshots
      .dropBefore(snapshot.index)
      .catch((error: unknown) => this.#host.failed(error))
      .finally(() => {
        this.#count--;
      });
  }

  async #write(at: Position, chunks: Chunks): Promise<SnapshotName> {
    const source: { failure?: { readonly error: unknown } } = {};
    this.#count++;
    try {
      return await this.#snapshots.save(at, this.#read(chunks, source));
    } catch (error) {
      throw source.failure === undefined ? error : source.failure.error;
    } finally {
      this.#count--;
    }
  }

  async *#read(chunks: Chunks, source: { failure?: { readonly error: unknown } }): AsyncGenerator<Bytes, void> {
    try {
      for await (const chunk of chunks) {
        this.#host.checkOpen();
        yield chunk;
      }
    } catch (error) {
      source.failure = { error };
      throw error;
    }
  }
}
