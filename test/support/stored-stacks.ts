import { writeFile } from "node:fs/promises";
import { expect } from "vitest";
import { withSessions } from "../../src/machines/sessions.ts";
import { restoreBackup } from "../../src/runtime/backups/restore.ts";
import { openExisting } from "../../src/runtime/directory.ts";
import { readStored } from "../../src/runtime/storages/stored-data.ts";
import { objects } from "../../src/services/objects.ts";
import type { Pushers } from "./pushers.ts";
import { eventually, type ServedCluster, type ServedNode } from "./served-cluster.ts";

const leastSnapshotBytes = 4096;

/**
 * Shows that every acknowledged push is in its stack exactly once, and nothing else, on every node in the same place.
 *
 * Each node is restarted and made to take a snapshot, which is read from its directory: what a node keeps, not what a
 * leader says. Ends all nodes.
 */
export async function expectEachOnceEverywhere(cluster: ServedCluster, ...loads: readonly Pushers[]): Promise<void> {
  await cluster.settled();
  await restart(cluster);
  const index = await cluster.settled();
  await snapshotsBeyond(cluster, index);
  for (const node of cluster.nodes) expect((await node.stop()).code).toBe(0);

  for (const { stack, acknowledged } of loads) {
    const stored = await Promise.all(cluster.nodes.map(({ directory }) => storedStack(directory, stack)));
    expect([...(stored[0] as string[])].sort()).toEqual([...acknowledged].sort());
    for (const other of stored.slice(1)) expect(other).toEqual(stored[0]);
  }
}

async function restart(cluster: ServedCluster): Promise<void> {
  const ended = await Promise.all(cluster.nodes.map((node) => node.stop()));
  for (const { code, stderr } of ended) if (code !== 0) throw new Error(`a node did not end well:\n${stderr}`);
  cluster.startAll("--snapshot-every-bytes", String(leastSnapshotBytes));
  await cluster.leader();
}

/** Writes, elsewhere, until every node has taken a snapshot at `index` or later. */
async function snapshotsBeyond(cluster: ServedCluster, index: number): Promise<void> {
  const url = (await cluster.leader()).url;
  await eventually("a snapshot of each node", async () => {
    await fetch(`${url}/v1/kv/filler`, {
      method: "PUT",
      body: JSON.stringify({ value: "x".repeat(leastSnapshotBytes) }),
    });
    const statuses = await Promise.all(cluster.nodes.map((node) => node.status()));
    return statuses.every((status) => (status?.snapshot ?? 0) >= index) ? true : undefined;
  });
}

/** The values of a stack in a backup that this node alone gives, the first pushed first. */
export async function backedUpStack({ url, directory }: ServedNode, stack: string): Promise<readonly string[]> {
  const file = `${directory}.backup`;
  const dataDir = `${directory}.restored`;
  const response = await fetch(`${url}/snapshot`);
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  await restoreBackup({ file, dataDir, id: "n1", members: { n1: "127.0.0.1:1" } });
  return await storedStack(dataDir, stack);
}

/** The values of a stack in the newest snapshot of a data directory, the first pushed first. */
async function storedStack(path: string, stack: string): Promise<readonly string[]> {
  const directory = await openExisting(path);
  const { snapshots, close } = await readStored(directory, () => undefined);
  const [newest] = await snapshots.list();
  if (newest === undefined) throw new Error(`${path} holds no snapshot`);
  const { inner } = await withSessions(objects).restore(snapshots.content(newest));
  await close();
  await directory.close();
  const values: string[] = [];
  let level = inner.stack.stacks.get(stack);
  for (; level?.below !== undefined; level = level.below) values.push(level.value);
  return values.reverse();
}
