import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { killChild, startChild } from "../support/children.ts";
import { type DiskLogKind, openDiskLog } from "../support/disk-logs.ts";
import { recovered } from "./log.ts";

/** What every log on a disk promises, of real processes that die and real disks that are full. */
export function diskLogConformance(kind: DiskLogKind): void {
  const medium = (directory: string) => ({ open: () => openDiskLog(kind, directory), end: async () => {} });

  describe(`${kind} on a disk`, () => {
    test("a process killed again and again while it appends has every acknowledged record", {
      timeout: 60_000,
    }, async () => {
      const directory = join(await temporary(), "log");
      let acknowledged = 0;
      for (let round = 1; round <= 4; round++) {
        const child = startChild("append-child.ts", kind, directory);
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

        const { log, records } = await recovered(medium(directory));
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
      const directory = await temporary();
      if (!mountSmall(directory)) return context.skip("a small file system cannot be mounted here");
      onTestFinished(() => void execFileSync("umount", ["--lazy", directory]));
      const { log } = await recovered(medium(join(directory, "log")));
      let position = 1;
      const fill = async (): Promise<void> => {
        for (; ; position++) await log.append([record(position)]);
      };

      await expect(fill()).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
      await expect(log.append([record(position)])).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
      expect(position).toBeGreaterThan(150);
      execFileSync("mount", ["-o", `remount,size=${mebibytes.large}m`, directory]);
      const refused = position;
      await expect(fill()).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
      await log.close();

      expect(position).toBeGreaterThan(refused + 150);
      const again = await recovered(medium(join(directory, "log")));
      await again.log.close();
      expect(again.records).toHaveLength(position - 1);
      for (const [at, { bytes }] of again.records.entries()) {
        expect(Buffer.alloc(3000, at + 1).equals(bytes)).toBe(true);
      }
    });
  });
}

const mebibytes = { small: 3, large: 5 };

function record(position: number) {
  return { group: 0, kind: 1, bytes: new Uint8Array(3000).fill(position), positions: { first: position, count: 1 } };
}

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "quorate-disk-log-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** Mounts some memory as a file system, which only root on Linux may. */
function mountSmall(directory: string): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    const options = `size=${mebibytes.small}m`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory], { stdio: "ignore" });
    return true;
  } catch {
    return false; // a container without the right to mount
  }
}
