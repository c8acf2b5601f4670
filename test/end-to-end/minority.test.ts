import { expect, test } from "vitest";
import { Pushers } from "../support/pushers.ts";
import { eventually, ServedCluster } from "../support/served-cluster.ts";
import { type Answered, createStack, post, postMany, readSize } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

/** More entries than a leader keeps behind its snapshot: who missed them needs the snapshot. */
const manyPushes = 5500;

test("a leader cut off answers no write and no read, but stale ones; healed, it catches up through a snapshot", async () => {
  const options = ["--snapshot-every-bytes", "65536", "--timeout-ms", "600"];
  await using cluster = await ServedCluster.start(3, options);
  const alone = await cluster.leader();
  const others = cluster.others(alone);
  for (const stack of ["1", "2", "3"]) await createStack(alone.url, stack);
  await post(alone.url, "/sPush", "1,before");
  await cluster.settled();

  for (const other of others) other.cut(alone.id);
  alone.cut(...others.map(({ id }) => id));
  const answers = await askForAWhile(alone.url, 1500);
  const [stale, linearizable] = [await readSize(alone.url, "1", "stale"), await readSize(alone.url, "1")];
  await cluster.leader(others);
  const urls = others.map(({ url }) => url);
  const load = new Pushers(urls, "2");
  await postMany(urls[0] as string, "/sPush", "3,x", manyPushes);
  await load.stop();
  for (const node of cluster.nodes) node.cut();
  const unknown = answers.writes.filter(({ status }) => status === 504);
  await Promise.all(unknown.map(({ value }) => pushUntilTaken(alone.url, value)));

  console.log(
    `a cut leader answered writes with ${countStatuses(answers.writes)}, reads with ${countStatuses(answers.reads)}`,
  );
  expect([...answers.writes, ...answers.reads].filter(({ status }) => status !== 503 && status !== 504)).toEqual([]);
  expect(answers.writes.some(({ status }) => status === 503)).toBe(true);
  expect(answers.reads.filter(({ status }) => status === 504)).toEqual([]);
  expect([stale, linearizable.status]).toEqual([{ status: 200, text: "1" }, 503]);
  expect(await readSize(alone.url, "1")).toEqual({ status: 200, text: String(1 + unknown.length) });
  expect(alone.said).toContain("restored a snapshot");
  await expectEachOnceEverywhere(cluster, load);
});

test("one of three left alive answers no write and no read, but stale ones, and serves when another is back", async () => {
  await using cluster = await ServedCluster.start(3, ["--timeout-ms", "600"]);
  const alone = await cluster.leader();
  await createStack(alone.url, "1");
  await cluster.settled();

  await Promise.all(cluster.others(alone).map((node) => node.kill()));
  const answers = await askForAWhile(alone.url, 1000);
  const stale = await readSize(alone.url, "1", "stale");
  const health = await fetch(`${alone.url}/health`);
  const livez = await fetch(`${alone.url}/livez`);
  cluster.others(alone)[0]?.start();
  const unknown = answers.writes.filter(({ status }) => status === 504);
  await Promise.all(unknown.map(({ value }) => pushUntilTaken(alone.url, value)));
  const size = await readSize(alone.url, "1");

  expect([...answers.writes, ...answers.reads].filter(({ status }) => status !== 503 && status !== 504)).toEqual([]);
  expect(stale).toEqual({ status: 200, text: "0" });
  expect([health.status, livez.status]).toEqual([503, 200]);
  expect(size).toEqual({ status: 200, text: String(unknown.length) });
});

/** Writes, with a key each, and linearizable reads: new ones every 20 ms, whatever becomes of those before. */
async function askForAWhile(
  url: string,
  ms: number,
): Promise<{ writes: (Answered & { value: string })[]; reads: Answered[] }> {
  const deadline = performance.now() + ms;
  const writes: Promise<Answered & { value: string }>[] = [];
  const reads: Promise<Answered>[] = [];
  await eventually("the end of the questions", async () => {
    const value = `cut-${writes.length}`;
    writes.push(post(url, "/sPush", `1,${value}`, value).then((answered) => ({ ...answered, value })));
    reads.push(readSize(url, "1"));
    return performance.now() > deadline ? true : undefined;
  });
  return { writes: await Promise.all(writes), reads: await Promise.all(reads) };
}

async function pushUntilTaken(url: string, value: string): Promise<void> {
  await eventually(`${value} taken`, async () => {
    const { status } = await post(url, "/sPush", `1,${value}`, value);
    return status === 200 ? true : undefined;
  });
}

function countStatuses(answers: readonly Answered[]): string {
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} x ${status}`).join(", ");
}
