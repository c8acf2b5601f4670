import { expect, test } from "vitest";
import { Pushers } from "../support/pushers.ts";
import { ServedCluster } from "../support/served-cluster.ts";
import { createStack } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

/** What is aimed at is 50 ms; a machine that others load needs more. */
const medianGapMsMax = 300;

test("restarting one node after the other, under load, costs next to no time in which nothing is acknowledged", async () => {
  await using cluster = await ServedCluster.start(3);
  await createStack(cluster.urls[0] as string, "1");
  const load = new Pushers(cluster.urls, "1");
  const waiting = new Set(cluster.nodes);
  const stops: { readonly role: string; readonly ms: number }[] = [];

  while (waiting.size > 0) {
    await load.more(100);
    const leader = await cluster.leader();
    const [node = leader] = waiting.has(leader) ? [leader] : waiting; // a leader where possible: that is the hard case
    const from = performance.now();
    expect((await node.stop()).code).toBe(0);
    await load.more(100);
    stops.push({ role: node === leader ? "leader" : "follower", ms: load.longestGapMs(from) });
    node.start();
    await node.ready();
    waiting.delete(node);
  }
  await load.stop();

  console.log(load.report(`gaps by stops: ${stops.map(({ role, ms }) => `${role} ${ms.toFixed(0)} ms`).join(", ")}`));
  expect(median(stops.map(({ ms }) => ms))).toBeLessThan(medianGapMsMax);
  await expectEachOnceEverywhere(cluster, load);
});

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
