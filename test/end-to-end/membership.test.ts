import { expect, test } from "vitest";
import { runQuorate } from "../support/processes.ts";
import { Pushers } from "../support/pushers.ts";
import { ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

test("a cluster grows from one to five and shrinks to three others, under load, and every acknowledged push is there once", async () => {
  await using cluster = await ServedCluster.start(1, ["--cluster-id", "growing"]);
  const [original] = cluster.nodes as [ServedNode];
  const urls = [original.url];
  await createStack(original.url, "1");
  const load = new Pushers(urls, "1");
  await load.more(100);

  for (const id of ["m2", "m3", "m4", "m5"]) {
    const { url, peerPort } = await cluster.join(id);
    await cluster.member("add", id, `127.0.0.1:${peerPort}`);
    urls.push(url);
    await load.more(50);
  }
  const grown = await cluster.member("list");
  const ends: (number | null)[] = [];
  for (const id of ["n1", "m2"]) {
    const gone = cluster.nodes.find((node) => node.id === id) as ServedNode;
    urls.splice(urls.indexOf(gone.url), 1);
    await cluster.member("remove", id);
    ends.push((await cluster.drop(gone)).code);
    await load.more(50);
  }
  const shrunk = await cluster.member("list");
  const handed = await runQuorate(["transfer", "m4", "--endpoints", urls.join(",")]);
  const nobody = await runQuorate(["transfer", "m9", "--endpoints", urls.join(",")]);
  const stranger = await runQuorate(["member", "remove", "m9", "--endpoints", urls.join(",")]);
  await load.stop();

  console.log(load.report("grown from 1 to 5 members, shrunk to 3"));
  expect(grown.match(/voter/g)).toHaveLength(5);
  expect(shrunk.match(/voter/g)).toHaveLength(3);
  expect(shrunk).not.toMatch(/^(n1|m2) /m);
  expect(ends).toEqual([0, 0]);
  expect([handed.stdout, nobody.code]).toEqual(["m4 leads\n", 1]);
  expect(nobody.stderr).toContain("QUORATE_INVALID_CHANGE");
  expect([stranger.code, stranger.stdout]).toEqual([1, ""]);
  expect(stranger.stderr).toContain("m9 is no member, and nothing was changed; members are m3, m4, m5");
  await expectEachOnceEverywhere(cluster, load);
});
