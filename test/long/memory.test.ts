import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { residentMebibytes } from "../support/resident.ts";
import { ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack, postMany, readSize } from "../support/stack-client.ts";

const rounds = 100;
const roundCount = 10_000;
const residentMebibytesMax = 300;
/** A snapshot each 32 MiB; segments of 16 MiB, one of them ahead, and what is kept behind for members that lag. */
const logMebibytesMax = 128;

test("a million pushes and a million pops: memory and log on disk stay bounded", async () => {
  await using cluster = await ServedCluster.start(3);
  const leader = await cluster.leader();
  await createStack(leader.url, "1");
  const most = { resident: 0, log: 0 };
  const startedAt = performance.now();

  for (let round = 0; round < rounds; round++) {
    await postMany(leader.url, "/sPush", "1,sixteen letters.", roundCount);
    await postMany(leader.url, "/sPop", "1", roundCount);
    for (const node of cluster.nodes) {
      most.resident = Math.max(most.resident, residentMebibytes(node.pid).now);
      most.log = Math.max(most.log, logMebibytes(node));
    }
  }
  const rate = (2 * rounds * roundCount) / ((performance.now() - startedAt) / 1000);
  await cluster.settled();
  const peaks = cluster.nodes.map(({ id, pid }) => `${id} ${residentMebibytes(pid).peak}`).join(", ");
  const logs = cluster.nodes.map((node) => logMebibytes(node).toFixed(0)).join(", ");

  console.log(`${rate.toFixed(0)} writes/s; resident at most ${most.resident} MiB when looked at, peaks ${peaks} MiB`);
  console.log(`log on disk at most ${most.log.toFixed(0)} MiB, in the end ${logs} MiB`);
  expect(await readSize(leader.url, "1")).toEqual({ status: 200, text: "0" });
  expect(most.resident).toBeLessThan(residentMebibytesMax);
  expect(most.log).toBeLessThan(logMebibytesMax);
});

function logMebibytes(node: ServedNode): number {
  const wal = join(node.directory, "wal");
  return readdirSync(wal).reduce((sum, name) => sum + sizeOf(join(wal, name)), 0) / 2 ** 20;
}

/** 0 for a segment that was just deleted. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
