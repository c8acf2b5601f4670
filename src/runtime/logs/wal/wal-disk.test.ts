import { execFileSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { logConformance, recovered } from "../../../../test/conformance/log.ts";
import { killChild, startChild } from "../../../../test/support/children.ts";
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

test("a process killed again and again while it appends has every acknowledged record", {
  timeout: 60_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), "quorate-wal-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  let acknowledged = 0;
  for (let round = 1; round <= 4; round++) {
    const child = startChild("append-child.ts", directory);
    onTestFinished(() => killChild(child));
    const enough = acknowledged + 97 * round;
    await new Promise<void>((resolve, reject) => {
      child.on("exit", () => reject(new Error("the child ended by itself")));
      child.on("message", (position: number) => {
        acknowledged = position;
        if (position >= enough) resolve();
      });
    });

    await killChild(child);

    const medium = { open: () => openWal({ directory, segmentBytesMax: 256 * 1024 }), end: async () => {} };
    const { log, records } = await recovered(medium);
    await log.close();
    expect(records.length).toBeGreaterThanOrEqual(acknowledged);
    for (const [at, { positions, bytes }] of records.entries()) {
      const position = at + 1;
      expect(positions).toEqual({ first: position, count: 1 });
      expect(Buffer.alloc((position * 37) % 5000, position % 256).equals(bytes)).toBe(true);
    }
  }
});

test("a full file system loses nothing, and takes the same records once there is room", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "quorate-full-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  if (!mountSmall(directory)) return context.skip("a file system of 1 MiB cannot be mounted here");
  onTestFinished(() => void execFileSync("umount", ["--lazy", directory]));
  const open = () => openWal({ directory: join(directory, "wal") });
  const { log } = await recovered({ open, end: async () => {} });
  const record = (position: number) => {
    return { group: 0, kind: 1, bytes: new Uint8Array(3000).fill(position), positions: { first: position, count: 1 } };
  };
  let position = 1;
  const fill = async (): Promise<void> => {
    for (; ; position++) await log.append([record(position)]);
  };

  await expect(fill()).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
  await expect(log.append([record(position)])).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
  expect(position).toBeGreaterThan(150);
  execFileSync("mount", ["-o", "remount,size=2m", directory]);
  const refused = position;
  await expect(fill()).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
  await log.close();

  expect(position).toBeGreaterThan(refused + 150);
  const again = await recovered({ open, end: async () => {} });
  await again.log.close();
  expect(again.records).toHaveLength(position - 1);
  for (const [at, { bytes }] of again.records.entries()) {
    expect(Buffer.alloc(3000, at + 1).equals(bytes)).toBe(true);
  }
});

/** Mounts 1 MiB of memory as a file system, which only root on Linux may. */
function mountSmall(directory: string): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], { stdio: "ignore" });
    return true;
  } catch {
    return false; // a container without the right to mount
  }
}
