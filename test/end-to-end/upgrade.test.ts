import { expect, test } from "vitest";
import { runQuorate } from "../support/processes.ts";
import { Pushers } from "../support/pushers.ts";
import { eventually, ServedCluster } from "../support/served-cluster.ts";
import { createStack } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

const old = ["--protocol-version-max", "1"];

test("members of two versions work together; what only the newer one knows waits until all know it", async () => {
  await using cluster = await ServedCluster.start(3, ["--cluster-id", "upgrading"], undefined, async (_, nodes) => {
    for (const node of nodes) node.args.push(...old);
  });
  await createStack(cluster.urls[0] as string, "1");
  const load = new Pushers(cluster.urls, "1");
  const refusals: string[] = [];

  for (const node of cluster.nodes) {
    await load.more(100);
    refusals.push(await addRefused(cluster));
    node.args.splice(node.args.indexOf("--protocol-version-max"), 2);
    await node.stop();
    node.start();
    await node.ready();
  }
  await load.more(100);
  const added = await eventually("a member added", async () => {
    const { code, stdout } = await add(cluster);
    return code === 0 ? stdout : undefined;
  });
  await cluster.member("remove", "m4");
  await load.stop();

  console.log(load.report(`upgraded one by one; before: ${refusals.map((text) => text.split(";")[0]).join(" | ")}`));
  for (const refusal of refusals) expect(refusal).toContain("QUORATE_UNSUPPORTED");
  expect(refusals[2]).toContain("n3");
  expect(added).toContain("m4");
  await expectEachOnceEverywhere(cluster, load);
});

/** What a change of members meets; once every node knows the leader, and the leader every node. */
async function addRefused(cluster: ServedCluster): Promise<string> {
  await cluster.leader();
  const { code, stderr } = await add(cluster);
  expect(code).toBe(1);
  return stderr;
}

function add({ urls }: { readonly urls: readonly string[] }) {
  return runQuorate(["member", "add", "m4", "127.0.0.1:1", "--learner", "--endpoints", urls.join(",")]);
}
