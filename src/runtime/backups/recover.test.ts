import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freeAddresses } from "../../../test/support/free-ports.ts";
import { journal } from "../../../test/support/journal.ts";
import { eventually, quick } from "../../../test/support/members.ts";
import { openNode } from "../open-node.ts";
import { inspectSurvivor, recoverAlone } from "./recover.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "quorate-recover-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Three members that wrote `texts` and were closed; with the index that all have stored. */
async function closedCluster(...texts: readonly string[]): Promise<Record<string, string>> {
  const members = await freeAddresses("n1", "n2", "n3");
  const ids = Object.keys(members);
  const options = { ...quick, members, clusterId: "lost", machine: journal };
  const nodes = await Promise.all(ids.map((id) => openNode({ ...options, id, dataDir: join(home, id) })));
  for (const text of texts) await nodes[0]?.execute(text);
  await eventually(() => expect(new Set(nodes.map((node) => node.status().applied)).size).toBe(1));
  await Promise.all(nodes.map((node) => node.close()));
  return members;
}

test("one survivor goes on alone, in a new cluster, with all that it had stored; the directory as it was is kept", async () => {
  const members = await closedCluster("a", "b");
  const dataDir = join(home, "n2");
  const before = await inspectSurvivor(dataDir);

  const recovered = await recoverAlone({ dataDir, id: "n2", address: members.n2 as string });

  await using node = await openNode({
    ...quick,
    id: "n2",
    members: { n2: members.n2 as string },
    dataDir,
    machine: journal,
  });
  expect(await node.read()).toEqual(["a", "b"]);
  expect(await node.execute("c")).toBe(3);
  expect(node.status()).toMatchObject({ clusterId: recovered.newClusterId, members: [{ id: "n2" }] });
  expect(before).toMatchObject({ nodeId: "n2", clusterId: "lost", membership: { members: [{ id: "n1" }, {}, {}] } });
  expect(await inspectSurvivor(recovered.copy)).toEqual(before);
});

test("a member of the old cluster is not heard by the new one", async () => {
  const members = await closedCluster("a");
  const dataDir = join(home, "n2");
  await recoverAlone({ dataDir, id: "n2", address: members.n2 as string });
  const notices: string[] = [];
  const notice = (_level: string, text: string) => notices.push(text);

  await using old = await openNode({ ...quick, id: "n1", members, dataDir: join(home, "n1"), machine: journal });
  await using node = await openNode({ ...quick, id: "n2", members, dataDir, machine: journal, notice });
  await eventually(() => expect(notices.join()).toContain("belongs to cluster"));

  expect(await node.execute("b")).toBe(2);
  expect(old.status().healthy).toBe(false);
});

test("is refused while a node uses the directory, of another node, under the old name, and where there is no node", async () => {
  const members = await closedCluster("a");
  const dataDir = join(home, "n1");
  const options = { dataDir, id: "n1", address: members.n1 as string };
  const node = await openNode({ ...quick, id: "n1", members, dataDir, machine: journal });
  await expect(recoverAlone(options)).rejects.toMatchObject({ code: "QUORATE_DIRECTORY_LOCKED" });
  await node.close();
  const before = await readFile(join(dataDir, "node.json"), "utf8");

  await expect(recoverAlone({ ...options, id: "n2" })).rejects.toMatchObject({ option: "id" });
  await expect(recoverAlone({ ...options, clusterId: "lost" })).rejects.toMatchObject({ option: "clusterId" });
  await expect(recoverAlone({ ...options, address: "nowhere" })).rejects.toMatchObject({ option: "address" });
  await expect(inspectSurvivor(join(home, "none"))).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });

  expect(await readFile(join(dataDir, "node.json"), "utf8")).toBe(before);
  expect((await readdir(home)).sort()).toEqual(["n1", "n2", "n3"]);
});

test("done twice, as after a crash in between, it is one more new cluster with the same state", async () => {
  const members = await closedCluster("a", "b");
  const dataDir = join(home, "n1");
  const options = { dataDir, id: "n1", address: members.n1 as string };
  await recoverAlone(options);
  await cp(dataDir, join(home, "again"), { recursive: true });

  const again = await recoverAlone({ ...options, dataDir: join(home, "again") });

  const place = { members: { n1: members.n1 as string }, dataDir: join(home, "again") };
  await using node = await openNode({ ...quick, id: "n1", ...place, machine: journal });
  expect(await node.read()).toEqual(["a", "b"]);
  expect(node.status().clusterId).toBe(again.newClusterId);
});
