import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isRunning, Program, quorate } from "../support/processes.ts";
import { Pushers } from "../support/pushers.ts";
import { eventually, freePorts, ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack, post } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

const stopMsMax = 5000;

test("SIGTERM under load ends a node with 0 in time, leader or not, and no acknowledgement is lost", async () => {
  await using cluster = await ServedCluster.start(3);
  await createStack(cluster.urls[0] as string, "1");
  const load = new Pushers(cluster.urls, "1");
  const stops: { role: string; code: number | null; ms: number; gapMs: number }[] = [];

  for (const role of ["leader", "follower"]) {
    await load.more(100);
    const leader = await cluster.leader();
    const node = role === "leader" ? leader : (cluster.others(leader)[0] as ServedNode);
    const from = performance.now();
    const { code } = await node.stop();
    const ms = performance.now() - from;
    await load.more(100);
    stops.push({ role, code, ms, gapMs: load.longestGapMs(from) });
    node.start();
    await node.ready();
  }
  await load.stop();

  const told = stops.map(({ role, ms, gapMs }) => `${role} ended in ${ms.toFixed(0)} ms, gap ${gapMs.toFixed(0)} ms`);
  console.log(load.report(told.join("; ")));
  expect(stops.map(({ code }) => code)).toEqual([0, 0]);
  for (const { ms } of stops) expect(ms).toBeLessThan(stopMsMax);
  await expectEachOnceEverywhere(cluster, load);
});

test("a request in flight holds a stop up, its client is told the truth, and a second signal ends it at once", async () => {
  await using cluster = await ServedCluster.start(3);
  const node = await cluster.leader();
  await createStack(node.url, "1");
  await Promise.all(cluster.others(node).map((other) => other.kill()));
  const waiting = post(node.url, "/sPush", "1,x");
  await eventually("a request in flight", async () => ((await node.status())?.waiting ? true : undefined));

  process.kill(node.pid, "SIGTERM");
  await eventually("the stop", async () => (node.said.includes("stopping") ? true : undefined));
  const refused = await post(node.url, "/sPush", "1,y");
  const stillRuns = isRunning(node.pid);
  process.kill(node.pid, "SIGTERM");
  const { code } = await node.end();

  expect(refused.status === 503 || refused.status === 0).toBe(true);
  expect(stillRuns).toBe(true);
  expect(code).toBe(130);
  expect((await waiting).status).not.toBe(200);
});

test("SIGHUP rereads the level of the log; a node of its own, from a file alone, ends with 0 like any other", async () => {
  const directory = mkdtempSync(join(tmpdir(), "quorate-signals-"));
  const config = join(directory, "quorate.yaml");
  const [peer] = await freePorts(1);
  const configure = (level: string) =>
    writeFileSync(
      config,
      `id: a\ncluster: a=127.0.0.1:${peer}\nport: 0\ndata-dir: ${directory}/a\nlog-level: ${level}\n`,
    );
  configure("info");
  const program = new Program(quorate, ["serve", "--config", config]);
  const says = (text: string) => eventually(text, async () => (program.stderr.includes(text) ? true : undefined));

  try {
    await says("a serves on http://127.0.0.1:");
    await says("healthy");
    configure("debug");
    program.process.kill("SIGHUP");
    await says("log level is debug");
    configure("nonsense");
    program.process.kill("SIGHUP");
    await says("the log level stays debug");
    program.process.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
  } finally {
    program.process.kill("SIGKILL");
    await program.ended;
    rmSync(directory, { recursive: true });
  }
});
