import { expect, test } from "vitest";
import { Pushers } from "../support/pushers.ts";
import { eventually, ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack } from "../support/stack-client.ts";
import { backedUpStack } from "../support/stored-stacks.ts";

const options = ["--protocol", "total-order", "--timeout-ms", "1500"];

test("services on total order lose no acknowledged push while members are killed, paused and cut off", async () => {
  await using cluster = await ServedCluster.start(3, options);
  const [one, two, three] = cluster.nodes as [ServedNode, ServedNode, ServedNode];
  await createStack(one.url, "1");
  const load = new Pushers(cluster.urls, "1");

  await load.more(100);
  await three.kill();
  await load.more(100);
  three.start();
  await three.ready();
  two.pause();
  await load.more(50);
  two.resume();
  await eventually("its exclusion", async () => two.said.includes("comes back as a newcomer") || undefined);
  await two.ready();
  for (const other of [two, three]) other.cut(one.id);
  one.cut(two.id, three.id);
  await eventually(
    "a blocked minority",
    async () => two.said.includes("blocked") || one.said.includes("no majority") || undefined,
  );
  await load.more(50);
  for (const node of cluster.nodes) node.cut();
  await Promise.all(cluster.nodes.map((node) => node.ready()));
  await load.more(50);
  await load.stop();

  await cluster.settled();
  const stacks = await Promise.all(cluster.nodes.map((node) => backedUpStack(node, "1")));
  expect(stacks[0]?.toSorted()).toEqual(load.acknowledged.toSorted());
  expect(stacks[1]).toEqual(stacks[0]);
  expect(stacks[2]).toEqual(stacks[0]);
  expect((await one.status())?.role).toBe("member");
});
