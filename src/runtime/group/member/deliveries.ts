import { AbortedError } from "../../errors.ts";

/** What is done at a place in the order, between two deliveries. */
class Task {
  readonly run: () => Promise<void>;

  constructor(run: () => Promise<void>) {
    this.run = run;
  }
}

/** How many items are taken in before the queue is cut. */
const slackMax = 1024;

/**
 * The agreed order on its way to its one reader.
 *
 * A delivery counts as taken in when the next is asked for, or the loop ends. The protocol's own back-pressure bounds
 * what is queued.
 */
export class Deliveries<Delivery extends object> {
  readonly #takenIn: (delivery: Delivery) => void;
  readonly #failed: (error: unknown) => void;
  /** What was given out is `undefined`. */
  #items: (Delivery | Task | undefined)[] = [];
  #at = 0;
  /** In the reader's hands. */
  #held: Delivery | undefined;
  #isWorking = false;
  #isReading = false;
  #isClosed = false;
  #failure: unknown;
  /** Of calls that wait for something to happen, in order. */
  #sleeping: (() => void)[] = [];

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
    this.#items.push(delivery);
    this.#wake();
  }

  /** Has `run` called when everything pushed before is taken in; what is pushed later waits for its end. */
  pushTask(run: () => Promise<void>): void {
    this.#items.push(new Task(run));
    this.#work();
  }

  /** Ends the reader: once it has taken what is queued, or, with a cause, at once. */
  close(cause?: unknown): void {
    this.#isClosed = true;
    this.#failure ??= cause;
    this.#wake();
  }

  /** The order from here on, as `present` shows it; one reader at a time. */
  read<Shown>(present: (delivery: Delivery) => Shown, signal?: AbortSignal): AsyncIterableIterator<Shown> {
    if (this.#isReading) throw new TypeError("a group has one reader at a time: end the other loop first");
    this.#isReading = true;
    let isEnded = false;
    const wake = (): void => this.#wake();
    signal?.addEventListener("abort", wake);
    const end = (): IteratorResult<Shown> => {
      if (!isEnded) {
        isEnded = true;
        this.#isReading = false;
        signal?.removeEventListener("abort", wake);
        this.#release();
        this.#wake();
      }
      return { done: true, value: undefined };
    };
    const show = (): IteratorResult<Shown> | undefined => {
      const delivery = this.#take(signal);
      return delivery && { done: false, value: present(delivery) };
    };
    const wait = async (): Promise<IteratorResult<Shown>> => {
      try {
        for (;;) {
          if (isEnded) return end();
          const shown = show();
          if (shown !== undefined) return shown;
          if (this.#isOver) return end();
          await this.#news();
        }
      } catch (error) {
        end();
        throw error;
      }
    };
    const iterator: AsyncIterableIterator<Shown> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => {
        if (!isEnded) this.#release();
        return wait();
      },
      return: async () => end(),
    };
    return iterator;
  }

  /** The next delivery, if it is its turn. */
  #take(signal: AbortSignal | undefined): Delivery | undefined {
    if (signal?.aborted) throw new AbortedError("not-applied", { cause: signal.reason });
    if (this.#failure !== undefined) throw this.#failure;
    const item = this.#isWorking ? undefined : this.#items[this.#at];
    if (item === undefined || item instanceof Task) return undefined;
    this.#release(); // what was given to an earlier call that waited
    this.#advance();
    this.#held = item;
    return item;
  }

  get #isOver(): boolean {
    return this.#isClosed && !this.#isWorking && this.#at === this.#items.length;
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#sleeping.push(resolve);
    });
  }

  #wake(): void {
    const sleeping = this.#sleeping;
    if (sleeping.length === 0) return;
    this.#sleeping = [];
    for (const wake of sleeping) wake();
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
    if (this.#isWorking || this.#held !== undefined || !(item instanceof Task)) return;
    this.#advance();
    this.#isWorking = true;
    item.run().then(
      () => {
        this.#isWorking = false;
        this.#work();
        this.#wake();
      },
      (error: unknown) => {
        this.close(error); // a member that is leaving has nothing else to fail
        this.#failed(error);
      },
    );
  }

  #advance(): void {
    this.#items[this.#at++] = undefined;
    if (this.#at < slackMax) return;
    this.#items = this.#items.slice(this.#at);
    this.#at = 0;
  }
}
