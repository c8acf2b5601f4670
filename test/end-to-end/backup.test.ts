import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Ended, runQuorate } from "../support/processes.ts";
import { Pushers } from "../support/pushers.ts";
import { ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack, post, readSize } from "../support/stack-client.ts";
import { testedProtocol } from "../support/tested-protocol.ts";

test("a backup taken under load holds all that was acknowledged; a new cluster of it serves it, and keeps the old one out", async () => {
  await using cluster = await ServedCluster.start(3);
  const file = join(cluster.directory, "saved.backup");
  const endpoints = ["--endpoints", cluster.urls.join(",")];
  await createStack(cluster.urls[0] as string, "1");
  await createStack(cluster.urls[0] as string, "kept");
  await post(cluster.urls[1] as string, "/sPush", "kept,a", "the-key");
  const load = new Pushers(cluster.urls, "1");
  await load.more(300);
  const before = load.acknowledged.length;

  const saved = await snapshot("save", file, ...endpoints, "--json");
  await load.stop();
  const again = await snapshot("save", file, ...endpoints);
  const verified = await snapshot("verify", file, "--json");
  await Promise.all(cluster.nodes.map((node) => node.stop()));

  const restored: Ended[] = [];
  const place = (id: string) => join(cluster.directory, `renewed-${id}`);
  const naming = ["--cluster-id", "renewed"];
  await using renewed = await ServedCluster.start(3, naming, place, async (members, nodes) => {
    for (const { id, directory } of nodes) {
      const member = ["--data-dir", directory, "--id", id, "--cluster", members];
      restored.push(await snapshot("restore", file, ...member, ...naming, "--protocol", testedProtocol));
    }
  });
  const url = renewed.urls[0] as string;
  const size = Number((await readSize(url, "1")).text);
  await post(url, "/sPush", "kept,a", "the-key");
  await post(url, "/sPush", "kept,b");
  const kept = await readSize(url, "kept");
  const old = cluster.nodes[0] as ServedNode;
  old.start(...naming);
  const stranger = await old.end();

  expect([saved.code, again.code, verified.code, ...restored.map(({ code }) => code)]).toEqual([0, 64, 0, 0, 0, 0]);
  expect(JSON.parse(verified.stdout)).toMatchObject({ objects: { stacks: 2 }, index: JSON.parse(saved.stdout).index });
  expect(size).toBeGreaterThanOrEqual(before);
  expect(size).toBeLessThanOrEqual(load.acknowledged.length);
  expect(kept).toEqual({ status: 200, text: "2" }); // the repeat of what was pushed before the backup did nothing
  expect(stranger.code).toBe(64);
  expect(stranger.stderr).toContain("belongs to cluster");
});

test("a backup cut short or damaged is told, with exit code 74, and makes no directory", async () => {
  await using cluster = await ServedCluster.start(1);
  const [whole, damaged] = [join(cluster.directory, "whole"), join(cluster.directory, "damaged")];
  await createStack(cluster.urls[0] as string, "1");
  await snapshot("save", whole, "--endpoints", cluster.urls.join(","));
  const bytes = await readFile(whole);
  const ends: Ended[] = [];
  for (const content of [bytes.subarray(0, -1), flipped(bytes)]) {
    await writeFile(damaged, content);
    const place = ["--data-dir", join(cluster.directory, "m1"), "--id", "m1", "--cluster", "m1=127.0.0.1:7101"];
    ends.push(await snapshot("verify", damaged), await snapshot("restore", damaged, ...place));
  }
  const nobody = await snapshot("save", join(cluster.directory, "none"), "--endpoints", "127.0.0.1:1");

  expect(ends.map(({ code }) => code)).toEqual([74, 74, 74, 74]);
  expect(ends.every(({ stderr }) => stderr.includes("QUORATE_BAD_BACKUP"))).toBe(true);
  expect(existsSync(join(cluster.directory, "m1"))).toBe(false);
  expect(nobody.code).toBe(69);
  expect(existsSync(join(cluster.directory, "none"))).toBe(false);
});

function snapshot(...words: readonly string[]): Promise<Ended> {
  return runQuorate(["snapshot", ...words]);
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 10] = (copy[copy.length - 10] ?? 0) ^ 1;
  return copy;
}
