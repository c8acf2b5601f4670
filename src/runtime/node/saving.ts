import type { Bytes } from "../../base/bytes.ts";
import type { RaftState } from "../../protocols/raft/index.ts";
import { termAt } from "../../protocols/raft/log/log.ts";
import type { Position, SnapshotName } from "../../protocols/replicated-log.ts";
import { OptionError } from "../errors.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";

type Chunks = Iterable<Bytes> | AsyncIterable<Bytes>;

/** What saving needs of its node. */
export interface SavingHost {
  /** Throws once the node is closing: it does not wait for the rest of a snapshot. */
  checkOpen(): void;
  state(): Readonly<RaftState>;
  /** The index through which the owner has acknowledged everything. */
  appliedIndex(): number;
  /** A snapshot is durable. */
  taken(snapshot: SnapshotName): void;
}

/** Snapshots being written, from a source that may fail, or outlast the node. */
export class Saving {
  readonly #snapshots: Snapshots;
  readonly #host: SavingHost;
  #count = 0;
  #newest: SnapshotName | undefined;

  constructor(snapshots: Snapshots, host: SavingHost) {
    this.#snapshots = snapshots;
    this.#host = host;
  }

  /** How many are under way. */
  get count(): number {
    return this.#count;
  }

  /** The newest one that is durable, though the core may not have heard of it yet. */
  get newest(): SnapshotName | undefined {
    const known = this.#host.state().snapshot;
    return (this.#newest?.index ?? 0) > (known?.index ?? 0) ? this.#newest : known;
  }

  /** Saves the state after entry `index`. Rejects with the source's own error if it was that which failed. */
  async save(index: number, chunks: Chunks): Promise<void> {
    this.#host.checkOpen();
    const state = this.#host.state();
    const term = termAt(state.log, index);
    if (index > this.#host.appliedIndex() || index <= (state.snapshot?.index ?? 0) || term === undefined) {
      throw new OptionError("index", `must be acknowledged, and after the last snapshot: ${index} is not`);
    }
    this.#newest = await this.#write({ index, term }, chunks);
    this.#host.taken(this.#newest);
    await this.#snapshots.dropBefore(index);
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
