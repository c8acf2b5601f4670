import { Worker } from "node:worker_threads";
import type { Answer, Ask } from "./ask.ts";

/** Where a `Desk` takes orders. */
export interface DatabaseThread {
  /** Answered in order; rejects when the thread is gone. `transfer`: what is given away with it. */
  ask(ask: Ask, transfer: ArrayBuffer[]): Promise<Answer>;
  end(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (cause: unknown) => void;
}

/** Starts a thread for a database. */
export function startThread(
  worker: Worker = new Worker(new URL("./thread.js", import.meta.url), { name: "quorate-lmdb" }),
): DatabaseThread {
  const waiting: Waiting[] = [];
  let gone: unknown;
  const end = (cause: unknown): void => {
    gone ??= cause;
    for (const { reject } of waiting.splice(0)) reject(gone);
  };
  worker.unref(); // only what is asked of it keeps the process alive
  worker.on("message", (answer: Answer) => {
    waiting.shift()?.resolve(answer);
    if (waiting.length === 0) worker.unref();
  });
  worker.on("error", end);
  worker.on("exit", () => end(new Error("the thread of the database ended")));
  return {
    ask: (ask, transfer) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone);
        if (waiting.push({ resolve, reject }) === 1) worker.ref();
        worker.postMessage(ask, transfer);
      }),
    end: async () => void (await worker.terminate()),
  };
}
