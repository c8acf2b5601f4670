import type { WaitOptions } from "../api.ts";
import { AbortedError, BusyError, ClosedError, type OperatingError } from "../errors.ts";

/** Callers waiting at one node at the most; one more is refused as busy. */
export const waitingMax = 20_000;

/** How often deadlines are looked at, in ms: one timer for all, so that a request costs none. */
const sweepMs = 25;

/** The patience of one caller: what it may say itself, with the default for the rest. */
export type Patience = WaitOptions & { readonly timeoutMs: number };

/** One caller waiting, with an end to its patience. */
export interface Waiter {
  /** ms of `performance.now()`. */
  readonly startedAt: number;
  /** ms of `performance.now()` after which it is told that time is up. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  /** Time is up. */
  expire(waitedMs: number): void;
  /** The caller gave up. */
  abort(cause: unknown): void;
  /** The node is closed; with a cause, it broke. */
  abandon(cause: unknown): void;
}

/** Who waits for a value, and can be told how that ended. */
export interface Caller<Value> {
  resolve(value: Value): void;
  reject(error: OperatingError): void;
}

/** Waiters that share a signal: one listener for all, for adding one to a signal takes as long as it has listeners. */
interface Group {
  readonly waiters: Set<Waiter>;
  readonly abort: () => void;
}

/** All callers that wait on one node. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();
  readonly #groups = new Map<AbortSignal, Group>();
  readonly #timer: NodeJS.Timeout;
  #closed: { readonly cause: unknown } | undefined;

  /** `retry` is called as often as deadlines are looked at. */
  constructor(retry: () => void) {
    this.#timer = setInterval(() => {
      retry();
      this.#sweep();
    }, sweepMs);
    this.#timer.unref();
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** Throws `AbortedError`, `BusyError` or `ClosedError`, all `not-applied`, for who need not begin to wait. */
  add(waiter: Waiter): void {
    const { signal } = waiter;
    if (signal?.aborted) throw new AbortedError("not-applied", { cause: signal.reason });
    if (this.#closed !== undefined) throw new ClosedError("not-applied", this.#closed);
    if (this.#waiting.size >= waitingMax) throw new BusyError();
    this.#waiting.add(waiter);
    if (signal !== undefined) this.#group(signal).waiters.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    const { signal } = waiter;
    const group = signal && this.#groups.get(signal);
    if (group?.waiters.delete(waiter) !== true || group.waiters.size > 0) return;
    signal?.removeEventListener("abort", group.abort);
    this.#groups.delete(signal as AbortSignal);
  }

  /**
   * Waits for something that changes nothing, so every failure is `not-applied`; `late` says that time is up.
   * `begin` is given the caller, and returns what forgets it.
   */
  async wait<Value>(
    { signal, timeoutMs }: Patience,
    late: (waitedMs: number) => OperatingError,
    begin: (caller: Caller<Value>) => () => void,
  ): Promise<Value> {
    return await new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const fail = (error: OperatingError): void => {
        end();
        reject(error);
      };
      const waiter: Waiter = {
        startedAt,
        deadline: startedAt + timeoutMs,
        signal,
        expire: (waitedMs) => fail(late(waitedMs)),
        abort: (cause) => fail(new AbortedError("not-applied", { cause })),
        abandon: (cause) => fail(new ClosedError("not-applied", { cause })),
      };
      this.add(waiter);
      const succeed = (value: Value): void => {
        end();
        resolve(value);
      };
      const forget = begin({ resolve: succeed, reject: fail });
      const end = (): void => {
        this.remove(waiter);
        forget();
      };
    });
  }

  /** Ends all waiting, now and from now on. */
  close(cause: unknown): void {
    this.#closed = { cause };
    clearInterval(this.#timer);
    this.abandonAll(cause);
  }

  /** Ends all waiting that has begun. */
  abandonAll(cause: unknown): void {
    for (const waiter of this.#waiting) waiter.abandon(cause);
  }

  #sweep(): void {
    const now = performance.now();
    for (const waiter of this.#waiting) if (waiter.deadline <= now) waiter.expire(now - waiter.startedAt);
  }

  #group(signal: AbortSignal): Group {
    const known = this.#groups.get(signal);
    if (known !== undefined) return known;
    const waiters = new Set<Waiter>();
    const group: Group = {
      waiters,
      abort: () => {
        for (const waiter of waiters) waiter.abort(signal.reason);
      },
    };
    this.#groups.set(signal, group);
    signal.addEventListener("abort", group.abort, { once: true });
    return group;
  }
}
