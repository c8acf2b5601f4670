import { performance } from "node:perf_hooks";
import { type ExitCode, exitCode } from "../exit.ts";
import { painter, say } from "../terminal.ts";
import { startThread, type Thread, type Walks } from "./partner.ts";
import { perSecond, walksText } from "./report.ts";
import type { Settings } from "./settings.ts";

/** Walks that a thread takes between two looks at the time. */
const batchCount = 8;

/** Walks as told, and prints what came of it. */
export async function walkAtRandom(
  settings: Settings,
  plan: NonNullable<Settings["walks"]>,
  asJson: boolean,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { explored, bounds, jobs, timeMs } = settings;
  const threads = Array.from({ length: jobs }, (_, number) => startThread({ explored, bounds, number, count: jobs }));
  const startedAt = performance.now();
  let walked: Walks;
  try {
    walked = await walkTogether(threads, plan, () => performance.now() - startedAt < timeMs && !signal.aborted);
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
  const elapsedMs = performance.now() - startedAt;
  if (asJson) {
    const walksPerSecond = perSecond(walked.walks, elapsedMs);
    say(JSON.stringify({ ...walked, walksPerSecond, elapsedMs: Math.round(elapsedMs), ...explored, bounds, jobs }));
  } else say(walksText(walked, settings, elapsedMs, painter(process.stdout, process.env)));
  if (walked.found !== undefined) return exitCode.failed;
  return signal.aborted ? exitCode.interrupted : exitCode.yes;
}

/** All threads take batches until there are none left, a promise is broken, or `goOn` says no. */
async function walkTogether(
  threads: readonly Thread[],
  { seed, count }: NonNullable<Settings["walks"]>,
  goOn: () => boolean,
): Promise<Walks> {
  let next = 0;
  let total: Walks = { walks: 0, steps: 0, found: undefined };
  const work = async (thread: Thread): Promise<void> => {
    while (next < count && total.found === undefined && goOn()) {
      const first = next;
      next = Math.min(count, first + batchCount);
      const walks = await thread.walk(seed + first, next - first);
      total = sum(total, walks); // not in one: others add to it meanwhile
    }
  };
  await Promise.all(threads.map(work));
  return total;
}

/** Of two broken promises that of the lower seed counts: how many threads there are must not matter. */
function sum(one: Walks, other: Walks): Walks {
  const found = [one.found, other.found].filter((each) => each !== undefined);
  const first = found.toSorted((left, right) => left.seed - right.seed)[0];
  return { walks: one.walks + other.walks, steps: one.steps + other.steps, found: first };
}
