import { AbortedError } from "../../errors.ts";

/** What is done at a place in the order, between two deliveries. */
interface Task {
  readonly run: () => Promise<void>;
}

type Item<Delivery> = { readonly delivery: Delivery } | Task;

/** How many consumed items are kept before the queue is cut. */
const slackMax = 1024;

/**
 * The agreed order on its way to its one reader.
 *
 * A delivery counts as taken in when the next is asked for, or the loop ends. The protocol's own back-pressure bounds
 * what is queued.
 */
export class Deliveries<Delivery> {
  readonly #takenIn: (delivery: Delivery) => void;
  readonly #failed: (error: unknown) => void;
  #items: Item<Delivery>[] = [];
  #at = 0;
  /** In the reader's hands. */
  #held: Delivery | undefined;
  #isWorking = false;
  #isReading = false;
  #isClosed = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  /** `takenIn` hears of each delivery; `failed` of a task that went wrong. */
  constructor(takenIn: (delivery: Delivery) => void, failed: (error: unknown) => void) {
    this.#takenIn = takenIn;
    this.#failed = failed;
  }

  /** Nothing waits, nothing is in the reader's hands, and no task runs. */
  get isIdle(): boolean {
    return this.#at === this.#items.length && this.#held === undefined && !this.#isWorking;
  }

  push(delivery: Delivery): void {
    this.#items.push({ delivery });
    this.#wake?.();
  }

  /** Has `run` called when everything pushed before is taken in; what is pushed later waits for its end. */
  pushTask(run: () => Promise<void>): void {
    this.#items.push({ run });
    this.#work();
  }

  /** Ends the reader: once it has taken what is queued, or, with a cause, at once. */
  close(cause?: unknown): void {
    this.#isClosed = true;
    this.#failure ??= cause;
    this.#wake?.();
  }

  /** The order from here on; one reader at a time. */
  read(signal?: AbortSignal): AsyncIterableIterator<Delivery> {
    if (this.#isReading) throw new TypeError("a group has one reader at a time: end the other loop first");
    this.#isReading = true;
    const wake = (): void => this.#wake?.();
    signal?.addEventListener("abort", wake);
    const end = (): void => {
      this.#isReading = false;
      signal?.removeEventListener("abort", wake);
      this.#release();
    };
    const iterator: AsyncIterableIterator<Delivery> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        const delivery = await this.#next(signal).catch((error: unknown) => {
          end();
          throw error;
        });
        if (delivery !== undefined) return { done: false, value: delivery };
        end();
        return { done: true, value: undefined };
      },
      return: async () => {
        end();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  async #next(signal: AbortSignal | undefined): Promise<Delivery | undefined> {
    this.#release();
    for (;;) {
      if (signal?.aborted) throw new AbortedError("not-applied", { cause: signal.reason });
      if (this.#failure !== undefined) throw this.#failure;
      const item = this.#isWorking ? undefined : this.#items[this.#at];
      if (item !== undefined && "delivery" in item) {
        this.#advance();
        this.#held = item.delivery;
        return item.delivery;
      }
      if (item === undefined && this.#isClosed && !this.#isWorking) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#takenIn(held);
    this.#work();
  }

  /** Runs the task that is next, if nothing stands before it. */
  #work(): void {
    const item = this.#items[this.#at];
    if (this.#isWorking || this.#held !== undefined || item === undefined || "delivery" in item) return;
    this.#advance();
    this.#isWorking = true;
    item.run().then(
      () => {
        this.#isWorking = false;
        this.#work();
        this.#wake?.();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #advance(): void {
    this.#at++;
    if (this.#at === this.#items.length) this.#items = [];
    else if (this.#at < slackMax) return;
    else this.#items = this.#items.slice(this.#at);
    this.#at = 0;
  }
}
