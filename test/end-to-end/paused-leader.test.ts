import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Pushers } from "../support/pushers.ts";
import { ServedCluster } from "../support/served-cluster.ts";
import { createStack, post, readSize } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

/** Longer than two elections take. */
const pauseMs = 3000;
const gapMsMax = 5000;

test("a leader paused for 3 s is replaced; woken up, it answers no stale read and claims no write that is lost", async () => {
  await using cluster = await ServedCluster.start(3);
  const paused = await cluster.leader();
  const others = cluster.others(paused);
  for (const stack of ["1", "2"]) await createStack(paused.url, stack);
  const load = new Pushers(cluster.urls, "1");
  await load.more(200);

  const pausedAt = performance.now();
  paused.pause();
  await cluster.leader(others);
  await load.more(100);
  const least = load.acknowledged.length;
  const reads = Array.from({ length: 20 }, () => readSize(paused.url, "1")); // these wait in its sockets
  const writes = Array.from({ length: 20 }, (_, at) => post(paused.url, "/sPush", `2,${at}`));
  await sleep(pausedAt + pauseMs - performance.now());
  paused.resume();
  const seen = await Promise.all(reads);
  const claimed = (await Promise.all(writes)).filter(({ status }) => status === 200).length;
  await load.more(100);
  await load.stop();
  await cluster.settled();
  const kept = await readSize(others[0]?.url as string, "2");

  console.log(load.report(`gap by the pause ${load.longestGapMs(pausedAt).toFixed(0)} ms`));
  console.log(
    `woken up, it answered ${seen.filter(({ status }) => status === 200).length} reads and ${claimed} writes`,
  );
  for (const { status, text } of seen) {
    if (status === 200) expect(Number(text)).toBeGreaterThanOrEqual(least);
    else expect(status).toBe(503);
  }
  expect(Number(kept.text)).toBeGreaterThanOrEqual(claimed);
  expect(Number(kept.text)).toBeLessThanOrEqual(20);
  expect(load.longestGapMs(pausedAt)).toBeLessThan(gapMsMax);
  await expectEachOnceEverywhere(cluster, load);
});
