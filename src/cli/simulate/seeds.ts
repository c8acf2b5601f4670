import type { Outcome } from "../../simulator/index.ts";
import type { Runner } from "./runner.ts";

/** Outcomes that wait at most for an earlier one that takes long. */
const strideMax = 256;

/** Which runs, and who is told of each. */
export interface Series {
  readonly first: number;
  readonly count: number;
  /** Told of each run in order of seeds, whichever thread was faster; false: no more are wanted. */
  readonly take: (seed: number, outcome: Outcome) => boolean;
  /** Stops at once: runs under way are not told of. The runners are closed then, too. */
  readonly signal: AbortSignal;
}

/** Runs seeds on all runners at once. Resolves when all are taken, no more are wanted, or the signal says stop. */
export async function runSeeds(runners: readonly Pick<Runner, "run">[], series: Series): Promise<void> {
  const end = series.first + series.count;
  let wanted = true;
  for (let from = series.first; from < end && wanted && !series.signal.aborted; from += strideMax) {
    wanted = await runStride(runners, series, from, Math.min(from + strideMax, end));
  }
}

/** False when no more are wanted. */
async function runStride(
  runners: readonly Pick<Runner, "run">[],
  { take, signal }: Series,
  from: number,
  end: number,
): Promise<boolean> {
  const early = new Map<number, Outcome>();
  let [next, due, wanted] = [from, from, true];
  const work = async (runner: Pick<Runner, "run">): Promise<void> => {
    while (next < end && wanted && !signal.aborted) {
      const seed = next++;
      early.set(seed, await runner.run(seed));
      for (let outcome = early.get(due); outcome !== undefined && wanted; outcome = early.get(due)) {
        early.delete(due);
        wanted = take(due++, outcome);
      }
    }
  };
  try {
    await Promise.all(runners.map(work));
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
  return wanted;
}
