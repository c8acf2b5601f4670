/** Time as an input: tests bring their own. */
export interface Timers {
  /** Monotonic, in ms. */
  now(): number;
  /** Calls back once, after `ms`; returns the call that cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** The process's own clock. */
export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
