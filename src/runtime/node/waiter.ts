import { AbortedError, type OperatingError } from "../errors.ts";

/** One caller waiting, with an end to its patience. */
export interface Waiter {
  /** ms of `performance.now()` after which it is told that time is up. */
  readonly deadline: number;
  readonly startedAt: number;
  /** Time is up. */
  expire(waitedMs: number): void;
  /** The node is closed; with a cause, it broke. */
  abandon(cause: unknown): void;
}

/** How often deadlines are looked at, in ms: one timer for all, so that a request costs none. */
const sweepMs = 25;

/** All callers that wait on one node. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#sweep(), sweepMs);
    this.#timer.unref();
  }

  get count(): number {
    return this.#waiting.size;
  }

  add(waiter: Waiter): void {
    this.#waiting.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  #sweep(): void {
    const now = performance.now();
    for (const waiter of this.#waiting) {
      if (waiter.deadline > now) continue;
      this.#waiting.delete(waiter);
      waiter.expire(now - waiter.startedAt);
    }
  }

  /** Ends all waiting. */
  close(cause: unknown): void {
    clearInterval(this.#timer);
    for (const waiter of this.#waiting) waiter.abandon(cause);
    this.#waiting.clear();
  }
}

/** Calls `end` when the caller gives up; returns what undoes that. */
export function onAbort(
  signal: AbortSignal | undefined,
  outcome: () => OperatingError["outcome"],
  end: (error: AbortedError) => void,
): () => void {
  if (signal === undefined) return () => undefined;
  const abort = () => end(new AbortedError(outcome(), { cause: signal.reason }));
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) queueMicrotask(abort);
  return () => signal.removeEventListener("abort", abort);
}
