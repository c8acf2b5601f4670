import { Worker } from "node:worker_threads";
import type { Bounds, Explored, Order, Partner, Place, Terms, Violation } from "../../simulator/index.ts";

/** What a thread starts with: its share of the whole. */
export interface Task {
  readonly explored: Explored;
  readonly bounds: Bounds;
  readonly number: number;
  readonly count: number;
}

/** What is asked of a thread, one thing at a time. */
export type Ask =
  | { readonly kind: "work"; readonly order: Order<Terms> }
  | { readonly kind: "place"; readonly state: number }
  | { readonly kind: "tell"; readonly way: readonly Place[]; readonly claim: string }
  | { readonly kind: "walk"; readonly seed: number; readonly count: number };

/** What some walks came to; they end with the first broken promise. */
export interface Walks {
  readonly walks: number;
  readonly steps: number;
  readonly found: { readonly seed: number; readonly violation: Violation } | undefined;
}

/** A share of an exploration in a thread of its own; or walks, which need no share. */
export interface Thread extends Partner<Terms> {
  /** Walks so often, with seeds from `seed` on. */
  walk(seed: number, count: number): Promise<Walks>;
  end(): Promise<unknown>;
}

/** Starts a thread. What goes wrong there rejects what was asked of it. */
export function startThread(task: Task): Thread {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: task });
  const ask = <Answer>(what: Ask): Promise<Answer> =>
    new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (answer: Answer) => {
        worker.off("error", reject);
        resolve(answer);
      });
      worker.postMessage(what);
    });
  return {
    work: (order) => ask({ kind: "work", order }),
    place: (state) => ask({ kind: "place", state }),
    tell: (way, claim) => ask({ kind: "tell", way, claim }),
    walk: (seed, count) => ask({ kind: "walk", seed, count }),
    end: () => worker.terminate(),
  };
}
