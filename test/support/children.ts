import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Runs a TypeScript file of this folder as a process of its own; it is to exit when `disconnect` tells it that we are
 * gone.
 */
export function startChild(file: string, ...args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return fork(path, args, { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

/** The next message of a child; `undefined` if it ended instead. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  try {
    const [message] = await Promise.race([
      once(child, "message", { signal: stop.signal }),
      once(child, "exit", { signal: stop.signal }).then(() => [undefined]),
    ]);
    return message;
  } finally {
    stop.abort();
  }
}

/** Ends a child as a power cut would: without a chance to say goodbye. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
