import { setTimeout as sleep } from "node:timers/promises";

/** Waits until processes that an earlier supervisor left behind are gone; wakes those it had paused, so that they notice. */
export async function awaitOrphans(pids: readonly number[], msMax = 6000): Promise<boolean> {
  const deadline = performance.now() + msMax;
  const living = (): number[] => pids.filter((pid) => signalled(pid, "SIGCONT"));
  while (living().length > 0) {
    if (performance.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH" || (error as NodeJS.ErrnoException).code === "EPERM")
      return false;
    throw error;
  }
}
