import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskLogConformance } from "../../../../test/conformance/disk-log.ts";
import { logConformance } from "../../../../test/conformance/log.ts";
import type { Log } from "../log.ts";
import { openWal } from "./wal.ts";

logConformance(
  "wal on a real disk",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "quorate-wal-"));
    const logs: Log[] = [];
    return {
      open: async () => {
        const directory = join(root, `${logs.length}`);
        if (logs.length > 0) await copyAsLeft(join(root, `${logs.length - 1}`), directory);
        const log = await openWal({ directory, segmentBytesMax: 64 * 1024 });
        logs.push(log);
        return log;
      },
      end: async () => {
        for (const log of logs) await log.close();
        await rm(root, { recursive: true });
      },
    };
  },
  8,
);

/** Copies what a crash leaves: the log before it lives on in this process, and may just be making its next segment. */
async function copyAsLeft(source: string, target: string): Promise<void> {
  await mkdir(target);
  const names = (await readdir(source)).filter((name) => !name.endsWith(".unfinished"));
  for (const name of names) await copyFile(join(source, name), join(target, name));
}

diskLogConformance("wal");
