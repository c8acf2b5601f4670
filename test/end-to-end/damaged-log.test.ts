import { closeSync, fstatSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ServedCluster } from "../support/served-cluster.ts";
import { createStack, post, readSize } from "../support/stack-client.ts";

const sectorBytes = 512;

test("a node whose last write was torn says so, starts, and catches up", async () => {
  await using cluster = await ServedCluster.start(3);
  const leader = await cluster.leader();
  const [torn] = cluster.others(leader);
  if (torn === undefined) throw new Error("three nodes have followers");
  await createStack(leader.url, "1");
  await post(leader.url, "/sPush", `1,${"x".repeat(10 * sectorBytes)}`);
  await cluster.settled();
  await torn.kill();

  const { file, sectors } = writtenSectors(torn.directory);
  overwrite(file, (sectors - 1) * sectorBytes, Buffer.alloc(sectorBytes)); // the last sector never reached the disk
  torn.start();
  await torn.ready();
  await cluster.settled();

  expect(torn.said).toMatch(/a write was interrupted at byte \d+ and never acknowledged; cut off there/);
  expect(torn.said).toContain(file);
  expect(await readSize(torn.url, "1", "stale")).toEqual({ status: 200, text: "1" });
});

test("a node with one bit of its log flipped refuses to start, and names file and byte", async () => {
  await using cluster = await ServedCluster.start(1);
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error("one node was started");
  await createStack(node.url, "1");
  for (let at = 0; at < 20; at++) await post(node.url, "/sPush", `1,${at}`);
  await node.kill();

  const { file, sectors } = writtenSectors(node.directory);
  const at = Math.floor(sectors / 2) * sectorBytes + 40;
  overwrite(file, at, Buffer.of((readFileSync(file)[at] as number) ^ 1));
  node.start();
  const { code } = await node.end();
  const fatal = JSON.parse(node.said.trim().split("\n").at(-1) as string);

  expect(code).toBe(74);
  expect(fatal.level).toBe(60);
  expect(fatal.err.code).toBe("QUORATE_CORRUPTION");
  expect(fatal.msg).toContain(`${file} is damaged at byte ${Math.floor(at / sectorBytes) * sectorBytes}`);
  expect(fatal.msg).toContain("quorate help QUORATE_CORRUPTION");
});

/** The segment with the last write, and how many of its sectors are written. */
function writtenSectors(directory: string): { file: string; sectors: number } {
  const wal = join(directory, "wal");
  const found = readdirSync(wal)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(wal, name));
      const last = bytes.findLastIndex((byte) => byte !== 0);
      return { file: join(wal, name), sectors: Math.floor(last / sectorBytes) + 1 };
    });
  const used = found.findLast(({ sectors }) => sectors > 1); // the first is the header
  if (used === undefined) throw new Error(`${wal} holds no written segment`);
  return used;
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  const handle = openSync(file, "r+");
  try {
    expect(fstatSync(handle).size).toBeGreaterThanOrEqual(at + bytes.length);
    writeSync(handle, bytes, 0, bytes.length, at);
  } finally {
    closeSync(handle);
  }
}
