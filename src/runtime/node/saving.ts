import type { Bytes } from "../../base/bytes.ts";
import type { Position, SnapshotName } from "../../protocols/replicated-log.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";

type Chunks = Iterable<Bytes> | AsyncIterable<Bytes>;

/** Snapshots being written, from a source that may fail, or outlast the node. */
export class Saving {
  readonly #snapshots: Snapshots;
  readonly #checkOpen: () => void;
  #count = 0;
  #newest: SnapshotName | undefined;

  /** `checkOpen` throws once the node is closing: it does not wait for the rest of a snapshot. */
  constructor(snapshots: Snapshots, checkOpen: () => void) {
    this.#snapshots = snapshots;
    this.#checkOpen = checkOpen;
  }

  /** How many are under way. */
  get count(): number {
    return this.#count;
  }

  /** The last one written: durable, though the core may not have heard of it yet. */
  get newest(): SnapshotName | undefined {
    return this.#newest;
  }

  /** Rejects with the source's own error if it was that which failed. */
  async save(at: Position, chunks: Chunks): Promise<SnapshotName> {
    const source: { failure?: { readonly error: unknown } } = {};
    this.#count++;
    try {
      this.#newest = await this.#snapshots.save(at, this.#read(chunks, source));
      return this.#newest;
    } catch (error) {
      throw source.failure === undefined ? error : source.failure.error;
    } finally {
      this.#count--;
    }
  }

  async *#read(chunks: Chunks, source: { failure?: { readonly error: unknown } }): AsyncGenerator<Bytes, void> {
    try {
      for await (const chunk of chunks) {
        this.#checkOpen();
        yield chunk;
      }
    } catch (error) {
      source.failure = { error };
      throw error;
    }
  }
}
