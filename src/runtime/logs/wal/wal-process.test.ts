import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { recovered } from "../../../../test/conformance/log.ts";
import { killChild, startChild } from "../../../../test/support/children.ts";
import { openWal } from "./wal.ts";

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
