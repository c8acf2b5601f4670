import type { WaitOptions } from "../api.ts";
import { ClosedError, NoLeaderError, type OperatingError } from "../errors.ts";
import { onAbort, type Waiter, type Waiters } from "./waiter.ts";

interface Watcher extends Waiter {
  readonly index: number;
  readonly resolve: () => void;
}

/** How far the owner has taken in the order, and who waits for it to get further. */
export class Applied {
  readonly #waiters: Waiters;
  #index: number;
  #watchers = new Set<Watcher>();

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

  /** Resolves once everything through `index` is taken in; a failure changed nothing. */
  async reached(index: number, { signal, timeoutMs }: WaitOptions & { readonly timeoutMs: number }): Promise<void> {
    if (index <= this.#index) return;
    const startedAt = performance.now();
    await new Promise<void>((resolve, reject) => {
      const finish = () => {
        this.#watchers.delete(watcher);
        this.#waiters.remove(watcher);
        release();
      };
      const fail = (error: OperatingError) => {
        finish();
        reject(error);
      };
      const watcher: Watcher = {
        index,
        startedAt,
        deadline: startedAt + timeoutMs,
        resolve: () => {
          finish();
          resolve();
        },
        expire: (waitedMs) => fail(new NoLeaderError(waitedMs)),
        abandon: (cause) => fail(new ClosedError("not-applied", { cause })),
      };
      const release = onAbort(signal, () => "not-applied", fail);
      this.#watchers.add(watcher);
      this.#waiters.add(watcher);
    });
  }
}
