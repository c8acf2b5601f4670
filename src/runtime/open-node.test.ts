import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freeAddresses } from "../../test/support/free-ports.ts";
import { journal } from "../../test/support/journal.ts";
import { eventually, quick } from "../../test/support/members.ts";
import type { MachineNode } from "./api.ts";
import { openNode } from "./open-node.ts";
import type { NodeOptions } from "./options.ts";

type Journal = MachineNode<string, number, void, string[]>;

let home: string;
const open: Journal[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-open-node-"));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.close()));
  rmSync(home, { recursive: true, force: true });
});

async function start(options: Partial<NodeOptions> & { readonly id: string }): Promise<Journal> {
  const node = await openNode({ ...quick, dataDir: join(home, options.id), ...options, machine: journal });
  open.push(node);
  return node;
}

test("a member alone keeps what it acknowledged in its directory", async () => {
  const node = await start({ id: "n1" });
  for (const text of ["a", "b"]) await node.execute(text);
  await node.close();

  const restarted = await start({ id: "n1" });

  expect(await restarted.read()).toEqual(["a", "b"]);
  expect(await restarted.execute("c")).toBe(3);
});

test("Multi-Paxos goes on in its directory, which knows that it is of that", async () => {
  const node = await start({ id: "n1", protocol: "multi-paxos" });
  for (const text of ["a", "b"]) await node.execute(text);
  await node.close();

  const place = { id: "n1", dataDir: join(home, "n1"), machine: journal };
  const restarted = await openNode(place);
  open.push(restarted);

  expect(await restarted.read()).toEqual(["a", "b"]);
  await restarted.close();
  await expect(openNode({ ...place, protocol: "raft" })).rejects.toMatchObject({ code: "QUORATE_WRONG_PROTOCOL" });
});

test("members that run different protocols refuse each other, and say so once", async () => {
  const members = await freeAddresses("n1", "n2");
  const notices: string[] = [];
  const notice = (_level: string, text: string) => notices.push(text);
  await start({ id: "n1", members, clusterId: "c", protocol: "raft", notice });
  await start({ id: "n2", members, clusterId: "c", protocol: "multi-paxos" });

  await eventually(() => expect(notices.join()).toContain("n2 runs multi-paxos, and so must all members"));
  await new Promise((resolve) => setTimeout(resolve, 300)); // it dials again and again
  expect(notices.filter((text) => text.includes("must all members")).length).toBeLessThanOrEqual(2); // one for each way
});

test("at most 31 members vote with Multi-Paxos", async () => {
  const members = Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`n${at + 1}`, `127.0.0.1:${at + 1}`]));

  const many = start({ id: "n1", members, protocol: "multi-paxos" });

  await expect(many).rejects.toThrow("option members: must be at most 31 with multi-paxos");
});

test("a cluster id that is not the stored one is refused, and changes nothing", async () => {
  const node = await start({ id: "n1", clusterId: "orders" });
  await node.execute("a");
  await node.close();

  const other = start({ id: "n1", clusterId: "bills" });

  await expect(other).rejects.toThrow("belongs to cluster orders, not to bills");
  const again = await start({ id: "n1" });
  expect([again.status().clusterId, await again.read()]).toEqual(["orders", ["a"]]);
});

test("in memory a member forgets, and leaves nothing behind", async () => {
  const options = { ...quick, id: "n1", storage: "memory", machine: journal } as const;
  const node = await openNode(options);
  expect(await node.execute("a")).toBe(1);
  await node.close();

  await using restarted = await openNode(options);

  expect(await restarted.read()).toEqual([]);
});

test("three members on TCP: one restarts, then all, from their directories, and nothing acknowledged is lost", async () => {
  const members = await freeAddresses("n1", "n2", "n3");
  const ids = ["n1", "n2", "n3"];
  const [n1, n2, n3] = await Promise.all(ids.map((id) => start({ id, members })));
  await n1?.execute("a");
  await n2?.close();
  await n3?.execute("b");

  const again = await start({ id: "n2", members });
  expect(await again.read()).toEqual(["a", "b"]);
  await Promise.all([n1?.close(), again.close(), n3?.close()]);
  const all = await Promise.all(ids.map((id) => start({ id, members })));

  for (const node of all) expect(await node.read()).toEqual(["a", "b"]);
  expect(await all[2]?.execute("c")).toBe(3);
});

describe("a directory", () => {
  test("of another member is refused, and not harmed", async () => {
    const dataDir = join(home, "data");
    const node = await start({ id: "n1", dataDir });
    await node.execute("a");
    await node.close();

    await expect(start({ id: "n2", dataDir })).rejects.toMatchObject({
      code: "QUORATE_WRONG_DIRECTORY",
      message: expect.stringContaining("belongs to node n1, not to n2"),
    });

    expect(await (await start({ id: "n1", dataDir })).read()).toEqual(["a"]);
  });

  test("in use is refused to a second node, until the first is closed", async () => {
    const node = await start({ id: "n1" });

    await expect(start({ id: "n1" })).rejects.toMatchObject({ code: "QUORATE_DIRECTORY_LOCKED", retry: "never" });

    await node.close();
    await expect(start({ id: "n1" })).resolves.toBeDefined();
  });

  test("keeps the cluster's name, whatever members it is given", async () => {
    const { n1, n2 } = await freeAddresses("n1", "n2");
    const node = await start({ id: "n1", members: { n1: n1 as string } });
    const { clusterId } = node.status();
    await node.close();

    const again = await start({ id: "n1", members: { n1: n2 as string } });

    expect(again.status().clusterId).toBe(clusterId);
  });

  test("keeps the members: the stored ones win over those given, and the operator is told", async () => {
    const members = await freeAddresses("n1", "n2", "n3");
    const node = await start({ id: "n1", members });
    await node.close();
    const told: unknown[] = [];

    const notice = (...all: unknown[]) => told.push(all);
    const restarted = await start({ id: "n1", members: { n1: members.n1 ?? "" }, notice });

    expect(restarted.status().members.map(({ id }) => id)).toEqual(["n1", "n2", "n3"]);
    expect(told).toContainEqual([
      "warn",
      "the stored members count, not the given ones",
      { stored: "n1, n2, n3", given: "n1" },
    ]);
    await expect(restarted.execute("x", { timeoutMs: 100 })).rejects.toMatchObject({ code: "QUORATE_NO_LEADER" });
  });

  test("whose member has moved is found at the address given, should it not be at the stored one", async () => {
    const before = await freeAddresses("n1", "n2");
    const [n1, n2] = await Promise.all(["n1", "n2"].map((id) => start({ id, members: before })));
    await n1?.execute("a");
    await Promise.all([n1?.close(), n2?.close()]);
    const after = await freeAddresses("n1", "n2");

    const [moved] = await Promise.all(["n1", "n2"].map((id) => start({ id, members: after })));

    expect(await moved?.read()).toEqual(["a"]);
  });
});

test("members of different clusters do not become one, though they reach each other", async () => {
  const members = await freeAddresses("n1", "n2");
  const notices: string[] = [];
  const notice = (_level: string, text: string) => notices.push(text);
  const [n1] = await Promise.all([
    start({ id: "n1", members, clusterId: "one", notice }),
    start({ id: "n2", members, clusterId: "two" }),
  ]);

  await eventually(() => expect(notices.join("\n")).toMatch(/cluster/));

  expect(n1?.status()).toMatchObject({ healthy: false, peers: [{ id: "n2", linkUp: false }] });
  await expect(n1?.execute("x", { timeoutMs: 50 })).rejects.toMatchObject({ outcome: "not-applied" });
});

test("a start that fails, for its address is taken, gives the directory back", async () => {
  const members = await freeAddresses("n1", "n2");
  const other = { n1: members.n1 ?? "", n3: members.n2 ?? "" };
  const first = await start({ id: "n1", members });

  await expect(start({ id: "n1", members: other, dataDir: join(home, "other") })).rejects.toMatchObject({
    code: "QUORATE_ADDRESS_IN_USE",
  });

  await first.close();
  await expect(start({ id: "n1", members: other, dataDir: join(home, "other") })).resolves.toBeDefined();
});

test("without a machine the node is a log", async () => {
  await using node = await openNode({ ...quick, id: "n1", storage: "memory" });

  expect(await node.propose(Buffer.from("x"))).toBeGreaterThan(0);
  expect("execute" in node).toBe(false);
});
