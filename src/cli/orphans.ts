import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Waits until processes that an earlier supervisor left are gone; wakes those it had paused, so that they notice. */
export async function awaitOrphans(pids: readonly number[], msMax = 6000): Promise<boolean> {
  const deadline = performance.now() + msMax;
  while (pids.some((pid) => wake(pid) && !isZombie(pid))) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Lets a process go on that may be stopped; false if there is none, or it is not ours. */
function wake(pid: number): boolean {
  try {
    return process.kill(pid, "SIGCONT");
  } catch (error) {
    if (["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Whether a process has ended, and only waits for its parent to take note (proc(5)). */
function isZombie(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return false;
  const line = readFileSync(path, "latin1");
  return line.slice(line.lastIndexOf(")") + 2).startsWith("Z");
}
