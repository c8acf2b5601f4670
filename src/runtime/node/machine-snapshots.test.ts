import { expect, test } from "vitest";
import { journal } from "../../../test/support/journal.ts";
import { eventually, machineCluster } from "../../../test/support/members.ts";
import { defineMachine } from "../../machines/machine.ts";
import type { MachineNode, NodeEvent } from "../api.ts";

/** Keeps the last value of each of a few names: its state is small however long its history. */
const cells = defineMachine({
  initial: () => ({ count: 0, values: {} as Record<string, string> }),
  apply: (state, { name, value }: { name: string; value: string }) => {
    state.values[name] = value;
    return ++state.count;
  },
  query: (state) => ({ count: state.count, names: Object.keys(state.values).length }),
});

type CellsNode = MachineNode<{ name: string; value: string }, number, void, { count: number; names: number }>;

const snapshotEveryBytes = 256 * 1024;
const value = "v".repeat(1000);

async function fill(node: CellsNode, count: number): Promise<void> {
  for (let at = 0; at < count; at += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => node.execute({ name: `c${(at + i) % 10}`, value })));
  }
}

test("a snapshot is taken whenever so much was applied; the log on disk shrinks, and a restart begins from it", async () => {
  await using cluster = await machineCluster(cells, { size: 1, node: { snapshotEveryBytes } });
  const node = cluster.node("n1");
  const taken: Extract<NodeEvent, { kind: "snapshot" }>[] = [];
  node.on("snapshot", (event) => taken.push(event));

  await fill(node, 6500); // 7 MB of log

  const { snapshot, disk, applied } = node.status();
  expect(taken.length).toBeGreaterThan(10);
  expect(taken.at(-1)?.bytes).toBeLessThan(50_000 + 65_536 * 40); // ten values, and the answers that are remembered
  expect(snapshot).toBe(taken.at(-1)?.index);
  expect(applied - snapshot).toBeLessThan(1000);
  const kept = 5000 * 1100; // entries that stay behind a snapshot, for members a little behind
  expect(disk.bytes).toBeLessThan(kept + 3 * 2 ** 20);
  const stored = [...cluster.disk("n1").contents.keys()].filter((path) => path.startsWith("snapshots"));
  expect(stored).toHaveLength(1);

  await cluster.crash("n1");
  const restarted = await cluster.open("n1", { snapshotEveryBytes });
  expect(restarted.status().snapshot).toBeGreaterThanOrEqual(snapshot);
  expect(await restarted.read()).toEqual({ count: 6500, names: 10 });
  expect(await restarted.execute({ name: "c0", value })).toBe(6501);
});

test("a member far behind is sent a snapshot, restores it, and goes on with what follows", async () => {
  await using cluster = await machineCluster(cells, { node: { snapshotEveryBytes } });
  const late = await cluster.follower();
  await cluster.crash(late.id);
  const leader = await cluster.leader();
  await fill(leader, 6500); // more than stays behind a snapshot

  const restarted = await cluster.open(late.id, { snapshotEveryBytes });
  const restored: number[] = [];
  restarted.on("restore", ({ index }) => restored.push(index));
  expect(await eventually(() => restarted.read())).toEqual({ count: 6500, names: 10 });
  await fill(leader, 200);

  expect(await restarted.read()).toEqual({ count: 6700, names: 10 });
  expect(restored).toHaveLength(1);
  expect(restored[0]).toBeGreaterThan(6000);
  expect(restored[0]).toBeLessThanOrEqual(restarted.status().snapshot);
  expect(await restarted.execute({ name: "c0", value })).toBe(6701);
});

test("what a snapshot passes over is still answered: a request whose answer lies within it is asked again", async () => {
  await using cluster = await machineCluster(cells, { node: { snapshotEveryBytes } });
  const late = await cluster.follower();
  const leader = await cluster.leader();
  cluster.loseKind(leader.id, late.id, "append");
  const executing = late.execute({ name: "late", value });
  await eventually(async () => expect((await leader.read()).count).toBe(1));

  await fill(leader, 6000);
  await eventually(() => expect(late.status().snapshot).toBeGreaterThan(0));
  cluster.heal();

  expect(await executing).toBe(1);
  expect(await late.read()).toEqual({ count: 6001, names: 11 });
});

test("a key is remembered across a snapshot and a restart", async () => {
  await using cluster = await machineCluster(cells, { size: 1, node: { snapshotEveryBytes: 4096 } });
  const node = cluster.node("n1");
  const first = await node.execute({ name: "x", value }, { key: "order-17" });
  for (let at = 0; at < 10; at++) await node.execute({ name: "y", value });
  await eventually(() => expect(node.status().snapshot).toBeGreaterThan(2));
  await cluster.crash("n1");

  const restarted = await cluster.open("n1");

  expect(await restarted.execute({ name: "x", value }, { key: "order-17" })).toBe(first);
  expect((await restarted.read()).count).toBe(11);
});

test("a snapshot that cannot be made is told to the operator, and the node serves on", async () => {
  const forgetful = defineMachine({
    initial: () => ({ seen: {} as object }),
    apply: (state, text: string) => {
      state.seen = new Map([[text, 1]]); // JSON would lose it
      return text;
    },
  });
  await using cluster = await machineCluster(forgetful, { size: 1, node: { snapshotEveryBytes: 4096 } });
  const node = cluster.node("n1");

  for (let at = 0; at < 8; at++) await node.execute("x".repeat(1000));

  await eventually(() => expect(cluster.notices).toContain("a snapshot could not be stored"));
  expect(await node.execute("y")).toBe("y");
  expect(node.status()).toMatchObject({ healthy: true, snapshot: 0 });
});

test.each([
  ["that the machine cannot read", 9, 0],
  ["that reads well", 20, "y".charCodeAt(0)],
])("a damaged snapshot %s keeps the node from starting, and is named", async (_, distance, byte) => {
  await using cluster = await machineCluster(journal, { size: 1, node: { snapshotEveryBytes: 4096 } });
  for (let at = 0; at < 8; at++) await cluster.node("n1").execute("x".repeat(1000));
  await eventually(() => expect(cluster.node("n1").status().snapshot).toBeGreaterThan(0));
  await cluster.crash("n1");
  const [path = "", bytes] = [...cluster.disk("n1").contents].find(([path]) => path.startsWith("snapshots")) ?? [];
  bytes?.fill(byte, bytes.length - distance, bytes.length - distance + 1);

  await expect(cluster.open("n1")).rejects.toMatchObject({ code: "QUORATE_CORRUPTION", file: path });
});
