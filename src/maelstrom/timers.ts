type Action = () => void | Promise<void>;

/** Timers that begin together, and end together. */
export class Timers {
  readonly #failed: (error: unknown) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What was asked for before the start; `undefined` after it. */
  #waiting: (() => void)[] | undefined = [];

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Has `action` done every `ms`; while it is under way a turn is left out. */
  every(ms: number, action: Action): () => void {
    let isRunning = false;
    return this.#add((run) =>
      setInterval(() => {
        if (isRunning) return;
        isRunning = true;
        void run(action).finally(() => {
          isRunning = false;
        });
      }, ms),
    );
  }

  /** Has `action` done once. */
  after(ms: number, action: Action): () => void {
    return this.#add((run) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void run(action);
      }, ms);
      return timer;
    });
  }

  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const begin of waiting) begin();
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#waiting = [];
  }

  #add(make: (run: (action: Action) => Promise<void>) => NodeJS.Timeout): () => void {
    let timer: NodeJS.Timeout | undefined;
    let isEnded = false;
    const begin = () => {
      if (isEnded) return;
      timer = make((action) => this.#run(action));
      this.#timers.add(timer);
    };
    if (this.#waiting === undefined) begin();
    else this.#waiting.push(begin);
    return () => {
      isEnded = true;
      if (timer === undefined) return;
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  async #run(action: Action): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#failed(error);
    }
  }
}
