import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runQuorate } from "../support/processes.ts";
import { Pushers } from "../support/pushers.ts";
import { freePorts, ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack, readSize } from "../support/stack-client.ts";

test("two of three members lost for ever: the survivor goes on alone with all that was acknowledged, and others are added", async () => {
  await using cluster = await ServedCluster.start(3, ["--cluster-id", "lost"]);
  await createStack(cluster.urls[0] as string, "1");
  const load = new Pushers(cluster.urls, "1");
  await load.more(200);
  await load.stop();
  await cluster.settled();
  const [survivor, ...lost] = cluster.nodes as [ServedNode, ServedNode, ServedNode];
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  const place = ["--data-dir", survivor.directory];

  const looked = await runQuorate(["recover", ...place]);
  const unsure = await runQuorate(["recover", ...place, "--unsafe", "--id", "n1", "--address", "127.0.0.1:1"]);
  const [peer] = await freePorts(1);
  const member = ["--id", "n1", "--address", `127.0.0.1:${peer}`, "--cluster-id", "recovered"];
  const recovered = await runQuorate(["recover", ...place, "--unsafe", ...member, "--confirm", "lost", "--json"]);
  const { copy } = JSON.parse(recovered.stdout) as { copy: string };

  const old = lost[0] as ServedNode;
  old.start(); // it was not lost after all: the new cluster does not hear it
  survivor.start("--cluster-id", "recovered", "--cluster", `n1=127.0.0.1:${peer}`);
  await survivor.ready();
  const size = Number((await readSize(survivor.url, "1")).text);
  await old.kill();
  for (const node of lost) cluster.nodes.splice(cluster.nodes.indexOf(node), 1);
  for (const id of ["m2", "m3"]) {
    const added = await cluster.join(id, "--cluster-id", "recovered");
    await cluster.member("add", id, `127.0.0.1:${added.peerPort}`);
  }
  await createStack(survivor.url, "2");
  const more = new Pushers(cluster.urls, "2");
  await more.more(50);
  await more.stop();

  expect([looked.code, unsure.code, recovered.code]).toEqual([0, 64, 0]);
  expect(looked.stdout).toContain("n1=");
  expect(looked.stderr).toContain("--confirm lost");
  expect(unsure.stderr).toContain("--confirm is missing");
  expect(recovered.stderr).toContain("WARNING");
  expect(existsSync(join(copy, "node.json"))).toBe(true);
  expect(size).toBe(load.acknowledged.length);
  expect((await cluster.member("list")).match(/voter/g)).toHaveLength(3);
  await Promise.all(cluster.nodes.map((node) => node.stop()));
});

test("is refused while the node runs", async () => {
  await using cluster = await ServedCluster.start(1);
  const [node] = cluster.nodes as [ServedNode];

  const refused = await runQuorate(["recover", "--data-dir", node.directory]);

  expect(refused.code).toBe(64);
  expect(refused.stderr).toContain("QUORATE_DIRECTORY_LOCKED");
});
