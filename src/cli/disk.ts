import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";

/** How fast small writes become durable in a directory. */
export interface SyncRate {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

const blockBytes = 4096;
const syncsMax = 2000;

/** Appends 4 KiB and syncs, again and again for `ms` (at least 5 times), in a scratch file in `directory`. */
export async function measureSyncRate(directory: string, ms: number): Promise<SyncRate> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `.sync-rate-${process.pid}`);
  const file = await open(path, "w");
  try {
    const block = Buffer.alloc(blockBytes, 1);
    const took: number[] = [];
    const started = performance.now();
    while (took.length < 5 || (performance.now() - started < ms && took.length < syncsMax)) {
      const before = performance.now();
      await file.write(block);
      await file.datasync();
      took.push(performance.now() - before);
    }
    const perSecond = (took.length * 1000) / (performance.now() - started);
    took.sort((left, right) => left - right);
    return { perSecond, medianMs: took[took.length >> 1] ?? 0, worstMs: took.at(-1) ?? 0 };
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
