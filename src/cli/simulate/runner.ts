import { Worker } from "node:worker_threads";
import type { Explanation, Outcome } from "../../simulator/index.ts";
import type { Task } from "./task.ts";

/** One thread that runs simulations, one at a time. */
export interface Runner {
  run(seed: number): Promise<Outcome>;
  /** Makes the run of `seed`, which fails, as small as it gets, and writes the trace of that into a file. */
  explain(seed: number, traceFile: string): Promise<Explanation>;
  /** Writes the trace of the run of `seed` into a file. */
  trace(seed: number, traceFile: string): Promise<void>;
  close(): Promise<void>;
}

/** What is asked of a thread; its answers come in the same order. */
export type Ask =
  | { readonly kind: "run"; readonly seed: number }
  | { readonly kind: "explain" | "trace"; readonly seed: number; readonly traceFile: string };

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

/** Starts a thread for the task. What goes wrong there rejects whatever waits for it. */
export function startRunner(task: Task): Runner {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: task });
  const waiting: Waiting[] = [];
  let ended: unknown;
  const end = (cause: unknown): void => {
    ended ??= cause;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  worker.on("message", (answer) => waiting.shift()?.resolve(answer));
  worker.on("error", end);
  worker.on("exit", () => end(new Error("a thread of the simulation ended")));
  const ask = <Answer>(what: Ask): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      waiting.push({ resolve: resolve as Waiting["resolve"], reject });
      worker.postMessage(what);
    });
  return {
    run: (seed) => ask({ kind: "run", seed }),
    explain: (seed, traceFile) => ask({ kind: "explain", seed, traceFile }),
    trace: (seed, traceFile) => ask({ kind: "trace", seed, traceFile }),
    close: async () => void (await worker.terminate()),
  };
}
