import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freeAddresses } from "../../../test/support/free-ports.ts";
import { journal } from "../../../test/support/journal.ts";
import { eventually, machineCluster, quick } from "../../../test/support/members.ts";
import { testedProtocol } from "../../../test/support/tested-protocol.ts";
import type { MachineNode } from "../api.ts";
import { openNode } from "../open-node.ts";
import { type Backup, verifyBackup } from "./backup-file.ts";
import { restoreBackup } from "./restore.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "quorate-backups-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function write(backup: Backup, name = "saved"): Promise<string> {
  const path = join(home, name);
  await writeFile(path, backup.content);
  return path;
}

/** A backup of a journal with these texts, each executed under itself as its key. */
async function journalBackup(...texts: readonly string[]): Promise<string> {
  await using node = await openNode({ ...quick, id: "old", storage: "memory", clusterId: "orders", machine: journal });
  for (const text of texts) await node.execute(text, { key: text });
  return await write(await node.backup());
}

async function openRestored(id: string, members: Record<string, string>, clusterId?: string) {
  const node = await openNode({
    ...quick,
    id,
    members,
    dataDir: join(home, id),
    machine: journal,
    ...named(clusterId),
  });
  return node as MachineNode<string, number, void, string[]>;
}

function named(clusterId: string | undefined): { clusterId?: string } {
  return clusterId === undefined ? {} : { clusterId };
}

describe("a backup of a running cluster", () => {
  test("holds all that was acknowledged before it was asked for, whichever member is asked", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();
    for (const text of ["a", "b"]) await leader.execute(text);

    const backups = await Promise.all(cluster.nodes.map((node) => node.backup()));

    for (const [at, backup] of backups.entries()) {
      const file = await write(backup, `saved-${at}`);
      expect(await verifyBackup(file)).toMatchObject({ nodeId: cluster.nodes[at]?.id, index: backup.index });
      expect((await readFile(file)).length).toBe(backup.fileBytes);
      expect((await readFile(file, "latin1")).includes('["a","b"]')).toBe(true);
    }
  });

  test("taken twice with nothing in between is the same state; after a command it is another", async () => {
    await using cluster = await machineCluster(journal, { size: 1 });
    const [node] = cluster.nodes;
    await node?.execute("a");

    const [first, same] = [await node?.backup(), await node?.backup()];
    await node?.execute("b");
    const later = await node?.backup();

    expect(same).toMatchObject({ index: first?.index, checksum: first?.checksum });
    expect(later?.index).toBeGreaterThan(first?.index ?? 0);
  });

  test("taken again and again under load is of a later state each time", async () => {
    await using cluster = await machineCluster(journal, { node: { snapshotEveryBytes: 4096 } });
    const leader = await cluster.leader();
    let isOver = false;
    const load = Array.from({ length: 8 }, async (_, client) => {
      for (let count = 0; !isOver; count++) await leader.execute(`${client}-${count}`);
    });
    const known: number[] = [];
    for (let count = 0; count < 10; count++) {
      const acknowledged = await leader.execute(`asked ${count}`);
      const backup = await leader.backup();
      const held = (await readFile(await write(backup), "latin1")).includes(`"asked ${count}"`);
      known.push(held ? acknowledged : 0);
    }
    isOver = true;
    await Promise.all(load);

    expect(known.every((count) => count > 0)).toBe(true);
  });

  test("is refused without a majority, having changed nothing", async () => {
    await using cluster = await machineCluster(journal, { node: { timeoutMs: 300 } });
    const alone = await cluster.leader();
    cluster.isolate(alone.id);

    await expect(alone.backup()).rejects.toMatchObject({ code: "QUORATE_NO_LEADER", outcome: "not-applied" });
  });
});

describe("a restored backup", () => {
  test("may be run by another protocol than the one that it was made with", async () => {
    const protocol = testedProtocol === "raft" ? "multi-paxos" : "raft";
    const file = await journalBackup("a", "b");
    const members = await freeAddresses("n1", "n2", "n3");
    for (const id of Object.keys(members)) {
      await restoreBackup({ file, id, members, dataDir: join(home, id), protocol });
    }
    const options = { ...quick, members, machine: journal, protocol } as const;
    const nodes = await Promise.all(
      Object.keys(members).map((id) => openNode({ ...options, id, dataDir: join(home, id) })),
    );

    expect(await nodes[0]?.execute("a", { key: "a" })).toBe(1);
    expect(await nodes[1]?.execute("c", { key: "c" })).toBe(3);
    await eventually(async () => expect(await nodes[2]?.read()).toEqual(["a", "b", "c"]));
    await Promise.all(nodes.map((node) => node.close()));
  });

  test("is a new cluster with the same state, in which a repeat from before is still known", async () => {
    const file = await journalBackup("a", "b");
    const members = await freeAddresses("n1", "n2", "n3");
    const ids = Object.keys(members);
    const restored = await Promise.all(
      ids.map((id) => restoreBackup({ file, id, members, dataDir: join(home, id), protocol: testedProtocol })),
    );
    const nodes = await Promise.all(ids.map((id) => openRestored(id, members)));

    const repeated = await nodes[0]?.execute("a", { key: "a" });
    const fresh = await nodes[1]?.execute("c", { key: "c" });
    await eventually(async () => expect(await nodes[2]?.read()).toEqual(["a", "b", "c"]));
    const clusterIds = nodes.map((node) => node.status().clusterId);
    await Promise.all(nodes.map((node) => node.close()));

    expect([repeated, fresh]).toEqual([1, 3]);
    expect(new Set([...clusterIds, ...restored.map(({ newClusterId }) => newClusterId)]).size).toBe(1);
    expect(clusterIds[0]).not.toBe("orders");
  });

  test("may not take the old cluster's id, nor name others than its members", async () => {
    const file = await journalBackup("a");
    const options = { file, dataDir: join(home, "n1"), id: "n1", members: { n1: "127.0.0.1:1" } };

    await expect(restoreBackup({ ...options, clusterId: "orders" })).rejects.toMatchObject({ option: "clusterId" });
    await expect(restoreBackup({ ...options, id: "n2" })).rejects.toMatchObject({ option: "members" });
    expect(await readdir(home)).toEqual(["saved"]);
  });

  test("another backup, or other members, make another cluster; the same make the same", async () => {
    const members = { n1: "127.0.0.1:1" };
    const [one, other] = [await journalBackup("a"), await journalBackup("b")];
    const options = { members, id: "n1" };

    const made = await Promise.all([
      restoreBackup({ ...options, file: other, dataDir: join(home, "1") }),
      restoreBackup({ ...options, file: other, dataDir: join(home, "2") }),
      restoreBackup({ ...options, file: other, dataDir: join(home, "3"), members: { n1: "127.0.0.1:2" } }),
    ]);
    await rm(one);
    const next = await restoreBackup({ ...options, file: await journalBackup("b"), dataDir: join(home, "4") });

    const ids = [...made, next].map(({ newClusterId }) => newClusterId);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
  });

  test("never goes over what is there", async () => {
    const file = await journalBackup("a");
    const dataDir = join(home, "used");
    await mkdir(dataDir);
    await writeFile(join(dataDir, "mine"), "kept");

    const restored = restoreBackup({ file, dataDir, id: "n1", members: { n1: "127.0.0.1:1" } });

    await expect(restored).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });
    expect(await readFile(join(dataDir, "mine"), "utf8")).toBe("kept");
    expect((await readdir(home)).sort()).toEqual(["saved", "used"]);
  });
});

describe("a file that is no whole backup", () => {
  test("is refused wherever a byte is flipped, cut off or added, and nothing is left behind", async () => {
    const whole = await readFile(await journalBackup("a", "b", "c"));
    const damaged = join(home, "damaged");
    const damage = fc.oneof(
      fc.record({ kind: fc.constant("flip" as const), at: fc.nat(whole.length - 1), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant("cut" as const), at: fc.nat(whole.length - 1) }),
      fc.record({ kind: fc.constant("add" as const), at: fc.integer({ min: 1, max: 100 }) }),
    );

    await fc.assert(
      fc.asyncProperty(damage, async (what) => {
        const bytes = Buffer.concat([whole, Buffer.alloc(what.kind === "add" ? what.at : 0)]);
        if (what.kind === "flip") bytes[what.at] = (bytes[what.at] ?? 0) ^ (1 << what.bit);
        await writeFile(damaged, what.kind === "cut" ? bytes.subarray(0, what.at) : bytes);
        const options = { file: damaged, dataDir: join(home, "n1"), id: "n1", members: { n1: "127.0.0.1:1" } };

        await expect(verifyBackup(damaged)).rejects.toMatchObject({ code: "QUORATE_BAD_BACKUP" });
        await expect(restoreBackup(options)).rejects.toMatchObject({ code: "QUORATE_BAD_BACKUP" });
        expect((await readdir(home)).sort()).toEqual(["damaged", "saved"]);
      }),
      { numRuns: 100 },
    );
  });

  test("says what is wrong with it", async () => {
    const file = join(home, "file");
    const refusal = (): Promise<string> => verifyBackup(file).then(String, (error: Error) => error.message);

    const missing = await refusal();
    await writeFile(file, "something else entirely, and long enough");
    const other = await refusal();
    const later = Buffer.from(await readFile(await journalBackup("a")));
    later.writeUInt32LE(2, 15);
    await writeFile(file, later);

    expect(missing).toContain("ENOENT");
    expect(other).toContain("it is no backup");
    expect(await refusal()).toContain("it has format 2");
  });
});
