import { expect, test } from "vitest";
import { Pushers } from "../support/pushers.ts";
import { eventually, ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { SmallDisks } from "../support/small-disks.ts";
import { createStack, post, readSize } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

const mebibytes = { small: 8, large: 64 };
const paddingBytes = 4000;

test.each(["wal", "lmdb"])("full disks of %s lose nothing, and nodes go on once there is room", async (storage) => {
  using small = SmallDisks.make(["n1", "n2", "n3"], mebibytes.small);
  if (small === undefined) return console.log("no small file system can be mounted here: full disks are not tested");
  await using cluster = await ServedCluster.start(3, ["--storage", storage], (id) => small.directory(id));
  const leader = await cluster.leader();
  for (const stack of ["1", "2", "3"]) await createStack(leader.url, stack);

  // The leader's disk is full: others take over.
  const first = new Pushers(cluster.urls, "1", { paddingBytes });
  small.fill(leader.id);
  await untilFull([leader]);
  const health = await fetch(`${leader.url}/health`);
  await first.more(100);
  await first.stop();
  const write = await post(leader.url, "/sPush", "3,refused");
  const [read, stale] = [await readSize(leader.url, "1"), await readSize(leader.url, "1", "stale")];
  const next = await cluster.leader(cluster.others(leader));
  small.makeRoom(leader.id);
  await untilFull([leader], "ok");
  await leader.ready();

  expect(write).toMatchObject({ status: 503, text: expect.stringContaining("QUORATE_DISK_FULL") });
  expect(read).toMatchObject({ status: 503, text: expect.stringContaining("QUORATE_DISK_FULL") });
  expect([stale.status, health.status, next === leader]).toEqual([200, 503, false]);

  // All disks are full: nobody serves, also after a restart.
  const second = new Pushers(cluster.urls, "2", { paddingBytes });
  for (const { id } of cluster.nodes) small.fill(id);
  const full = await eventually("a majority with full disks", async () => {
    const statuses = await Promise.all(cluster.nodes.map((node) => node.status()));
    const found = cluster.nodes.filter((_, at) => statuses[at]?.disk.state === "full");
    return found.length >= 2 ? found : undefined;
  });
  const writes = await Promise.all(cluster.urls.map((url) => post(url, "/sPush", "3,refused", "one")));
  await full[0]?.kill();
  full[0]?.start();
  for (const { id } of cluster.nodes) small.enlarge(id, mebibytes.large);
  await second.more(100);
  await second.stop();

  console.log(first.report("the leader's disk full"));
  console.log(second.report("all disks full"));
  expect(writes.map(({ status }) => status)).not.toContain(200);
  for (const { status, text } of writes) if (status !== 504) expect(text).toMatch(/QUORATE_(DISK_FULL|NO_LEADER)/);
  const kept = Number((await readSize(leader.url, "3")).text);
  expect(kept).toBeLessThanOrEqual(writes.some(({ status }) => status === 504) ? 1 : 0);
  await expectEachOnceEverywhere(cluster, first, second);
});

async function untilFull(nodes: readonly ServedNode[], state = "full"): Promise<void> {
  await eventually(`disks that are ${state}`, async () => {
    const statuses = await Promise.all(nodes.map((node) => node.status()));
    return statuses.every((status) => status?.disk.state === state) ? true : undefined;
  });
}
