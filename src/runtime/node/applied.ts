import { BusyError } from "../errors.ts";
import type { Patience, Waiters } from "./waiter.ts";

interface Watcher {
  readonly index: number;
  readonly resolve: () => void;
}

/** How far the owner has taken in the order, and who waits for it to get further. */
export class Applied {
  readonly #waiters: Waiters;
  readonly #watchers = new Set<Watcher>();
  #index: number;

  constructor(index: number, waiters: Waiters) {
    this.#index = index;
    this.#waiters = waiters;
  }

  get index(): number {
    return this.#index;
  }

  advance(index: number): void {
    this.#index = Math.max(this.#index, index);
    for (const watcher of this.#watchers) if (watcher.index <= this.#index) watcher.resolve();
  }

  /** The state was replaced, perhaps by that of a younger order: what was reached before says nothing of it. */
  restart(index: number): void {
    this.#index = 0;
    this.advance(index);
  }

  /** Resolves once everything through `index` is taken in; a failure changed nothing. */
  async reached(index: number, patience: Patience): Promise<void> {
    if (index <= this.#index) return;
    await this.#waiters.wait<void>(
      patience,
      () => new BusyError(),
      (caller) => {
        const watcher = { index, resolve: () => caller.resolve() };
        this.#watchers.add(watcher);
        return () => this.#watchers.delete(watcher);
      },
    );
  }
}
