import { expect, test } from "vitest";
import { eventually, ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack, post, readSize } from "../support/stack-client.ts";

const options = ["--protocol", "total-order", "--timeout-ms", "1500"];

test("a minority answers nothing but stale reads; when all have stopped, only --new-group begins anew", async () => {
  await using cluster = await ServedCluster.start(3, options);
  const [one, two, three] = cluster.nodes as [ServedNode, ServedNode, ServedNode];
  await createStack(one.url, "1");
  await post(one.url, "/sPush", "1,kept in memory");
  await cluster.settled();

  await Promise.all([two.kill(), three.kill()]);
  const write = await post(one.url, "/sPush", "1,lost");
  const read = await readSize(one.url, "1");
  const stale = await readSize(one.url, "1", "stale");
  await one.stop();
  cluster.startAll();
  await eventually("what is to be done", async () => one.said.includes("start all members with newGroup") || undefined);
  await Promise.all(cluster.nodes.map((node) => node.stop()));
  cluster.startAll("--new-group");
  await Promise.all(cluster.nodes.map((node) => node.ready()));

  expect(write.status).toBe(504);
  expect([read.status, stale]).toEqual([503, { status: 200, text: "1" }]);
  expect((await readSize(two.url, "1")).status).toBe(404);
});
