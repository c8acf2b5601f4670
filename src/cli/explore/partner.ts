import { Worker } from "node:worker_threads";
import type { Bounds, Explored, Order, Partner, Place, Terms } from "../../simulator/index.ts";

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
  | { readonly kind: "tell"; readonly way: readonly Place[]; readonly claim: string };

/** A share of an exploration in a thread of its own. */
export interface Thread extends Partner<Terms> {
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
    end: () => worker.terminate(),
  };
}
