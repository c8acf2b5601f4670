import { describe, expect, test } from "vitest";
import { journal } from "../../../test/support/journal.ts";
import { type Cluster, eventually, logCluster, machineCluster } from "../../../test/support/members.ts";
import { InvariantViolation } from "../../base/invariant.ts";
import type { MachineNode, NodeEvent } from "../api.ts";

type Journal = MachineNode<string, number, void, string[]>;

describe("a full disk", () => {
  const large = "x".repeat(50_000);

  /** Executes until the disk of a member that stands alone has no room; resolves with what was acknowledged. */
  async function fillUp(node: Journal): Promise<number> {
    for (let count = 0; ; count++) {
      try {
        await node.execute(large, { timeoutMs: 300 });
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^QUORATE_(OUTCOME_UNKNOWN|DISK_FULL|NO_LEADER)$/) });
        return count;
      }
    }
  }

  test("makes a node step down; nothing acknowledged is lost, and it serves again once there is room", async () => {
    await using cluster = await machineCluster(journal, { size: 1 });
    const node = cluster.node("n1");
    const seen: NodeEvent[] = [];
    node.on("disk", (event) => seen.push(event));
    node.on("health", (event) => seen.push(event));
    const disk = cluster.disk("n1");
    disk.bytesMax = disk.bytes + 400_000;

    const acknowledged = await fillUp(node);

    expect(acknowledged).toBeGreaterThan(3);
    expect(node.status()).toMatchObject({ role: "follower", healthy: false, reason: "the disk is full" });
    expect(node.status().disk.state).toBe("full");
    const refused = node.execute("small");
    await expect(refused).rejects.toMatchObject({
      code: "QUORATE_DISK_FULL",
      retry: "elsewhere",
      outcome: "not-applied",
    });
    expect(await node.read(undefined, { consistency: "stale" })).toHaveLength(acknowledged);
    disk.bytesMax = Number.POSITIVE_INFINITY;
    await eventually(() => expect(node.status().healthy).toBe(true));

    const count = await node.execute("after");
    expect(count - acknowledged).toBeGreaterThanOrEqual(1); // what had an unknown outcome may have been stored since
    expect(count - acknowledged).toBeLessThanOrEqual(2);
    expect(seen.map((event) => ("state" in event ? event.state : "healthy" in event && event.healthy))).toEqual([
      "full",
      false,
      "ok",
      expect.any(Boolean),
      ...(seen.length > 4 ? [true] : []),
    ]);
    await cluster.crash("n1");
    expect(await (await cluster.open("n1")).read()).toHaveLength(count);
  });

  test("on the leader: another leads, and the full member catches up once it has room", async () => {
    await using cluster = await machineCluster(journal);
    const full = await cluster.leader();
    const disk = cluster.disk(full.id);
    disk.bytesMax = disk.bytes;

    const others = cluster.nodes.filter((node) => node !== full);
    for (let at = 0; at < 12; at++) await others[at % 2]?.execute(large);
    expect((await cluster.leader(full.id)).status().healthy).toBe(true);
    await eventually(() => expect(full.status().disk.state).toBe("full"));
    await expect(full.execute("x")).rejects.toMatchObject({ code: "QUORATE_DISK_FULL" });
    disk.bytesMax = Number.POSITIVE_INFINITY;

    await eventually(async () => expect(await full.read()).toHaveLength(12));
    expect(cluster.notices.filter((text) => text.includes("disk"))).toEqual([
      "the disk is full: stepped down, and waiting for room",
      "the disk has room again",
    ]);
  });
});

describe("a failure", () => {
  async function breakDisk(cluster: Cluster<Journal>, id: string): Promise<void> {
    cluster.disk(id).writeError = "EIO";
    await expect(cluster.node(id).execute("x")).rejects.toMatchObject({
      code: "QUORATE_CLOSED",
      retry: "elsewhere",
      outcome: "unknown",
      cause: expect.objectContaining({ code: "QUORATE_STORAGE_FAILED" }),
    });
  }

  test("of the disk stops the node: closed rejects, requests say so and why, and close still resolves", async () => {
    await using cluster = await machineCluster(journal, { size: 1 });
    const node = cluster.node("n1");
    await node.execute("kept");

    await breakDisk(cluster, "n1");

    await expect(node.closed).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED", cause: { code: "EIO" } });
    const cause = expect.objectContaining({ code: "QUORATE_STORAGE_FAILED" });
    const refusal = { code: "QUORATE_CLOSED", outcome: "not-applied", cause };
    await expect(node.execute("x")).rejects.toMatchObject(refusal);
    await expect(node.read()).rejects.toMatchObject(refusal);
    await expect(node.ready()).rejects.toMatchObject(refusal);
    expect(node.status()).toMatchObject({ healthy: false, reason: "the node broke" });
    expect(cluster.notices).toEqual(["the node has stopped"]);
    await node.close();
  });

  test("of one member's disk leaves the others a leader, and a restart on a mended disk brings it back", async () => {
    await using cluster = await machineCluster(journal);
    const broken = await cluster.leader();
    cluster.disk(broken.id).writeError = "EIO";
    const others = cluster.nodes.filter((node) => node !== broken);

    const executing = broken.execute("x", { key: "k" });
    await expect(executing).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "unknown" });
    expect(await others[0]?.execute("x", { key: "k" })).toBe(1);
    await cluster.crash(broken.id);
    const restarted = await cluster.open(broken.id);

    expect(await restarted.read()).toEqual(["x"]);
  });

  test("of an invariant in a machine stops the node with it, and lets no answer out", async () => {
    await using cluster = await machineCluster(journal, { size: 1 });
    const node = cluster.node("n1");
    await node.execute("kept");

    const executing = node.execute("break");

    const cause = expect.any(InvariantViolation);
    await expect(executing).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "unknown", cause });
    await expect(node.closed).rejects.toThrow("the journal is whole");
  });

  test("ends the loops over a log", async () => {
    await using cluster = await logCluster({ size: 1 });
    const node = cluster.node("n1");
    const reading = (async () => {
      for await (const _ of node.committed({ from: 0 })) {
        // takes in whatever comes
      }
      return "ended";
    })();
    cluster.disk("n1").writeError = "EIO";

    await expect(node.propose(Buffer.from("x"))).rejects.toMatchObject({ outcome: "unknown" });

    expect(await reading).toBe("ended");
    await expect(node.saveSnapshot(1, [])).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
    await expect(node.closed).rejects.toThrow("failed");
  });
});

test("everything acknowledged is there after all members crash at once, under load", async () => {
  await using cluster = await machineCluster(journal);
  const acknowledged: string[] = [];
  let isOver = false;
  const load = cluster.ids.map(async (id) => {
    for (let at = 0; !isOver; at++) {
      const text = `${id}.${at}`;
      const answer = await cluster.node(id).execute(text, { timeoutMs: 500 });
      if (answer > 0) acknowledged.push(text);
    }
  });
  const ended = Promise.allSettled(load);
  await eventually(() => expect(acknowledged.length).toBeGreaterThan(100));

  await Promise.all(cluster.ids.map((id) => cluster.crash(id)));
  isOver = true;
  const certain = [...acknowledged];
  await Promise.all(cluster.ids.map((id) => cluster.open(id)));
  await ended;

  const orders = await Promise.all(cluster.nodes.map((node) => node.read()));
  expect(new Set(orders[0]).size).toBe(orders[0]?.length);
  expect(orders[0]).toEqual(expect.arrayContaining(certain));
  expect(orders[1]).toEqual(orders[0]);
  expect(orders[2]).toEqual(orders[0]);
});
