import { expect, test, vi } from "vitest";
import { journal } from "../../../../test/support/journal.ts";
import type { MachineNode } from "../../api.ts";
import { openNode } from "../../open-node.ts";
import type { NodeOptions } from "../../options.ts";
import { MemoryNetwork } from "../../transports/memory.ts";

const eventually = <Value>(check: () => Value | Promise<Value>): Promise<Value> =>
  vi.waitFor(check, { timeout: 15_000, interval: 5 });

type Journal = MachineNode<string, number, void, readonly string[]>;

/** Members of a journal on total order, in this process. */
class Cluster implements AsyncDisposable {
  readonly #network = new MemoryNetwork();
  readonly #nodes = new Map<string, Journal>();

  async open(id: string, given: Partial<NodeOptions> = {}): Promise<Journal> {
    const members = { n1: "n1:1", n2: "n2:1", n3: "n3:1" };
    const transport = this.#network.transport(`${id}:1`);
    const quick = { tickMs: 2, protocol: "total-order" } as const;
    const node = await openNode({ id, members, transport, ...quick, ...given, machine: journal });
    this.#nodes.set(id, node);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.close()));
  }
}

test("commands sent anywhere are applied once, in one order; a read shows all that was acknowledged", async () => {
  await using cluster = new Cluster();
  const nodes = await Promise.all(["n1", "n2", "n3"].map((id) => cluster.open(id)));
  const texts = Array.from({ length: 60 }, (_, at) => `t${at}`);

  const answers = await Promise.all(texts.map(async (text, at) => await nodes[at % 3]?.execute(text)));

  const orders = await Promise.all(nodes.map((node) => node.read()));
  expect(orders[0]?.toSorted()).toEqual(texts.toSorted());
  expect(orders[1]).toEqual(orders[0]);
  expect(orders[2]).toEqual(orders[0]);
  expect(answers.map((answer) => orders[0]?.[(answer ?? 0) - 1])).toEqual(texts);
  await Promise.all(nodes.map((node) => node.ready()));
  expect(nodes.map((node) => node.status())).toMatchObject(
    ["n1", "n2", "n3"].map((id) => ({ id, role: "member", leader: undefined, healthy: true, waiting: 0 })),
  );
});

test("the same key is one command, also for who joined later and has its memory from the others", async () => {
  await using cluster = new Cluster();
  const [one] = await Promise.all([cluster.open("n1"), cluster.open("n2")]);
  const answer = await one.execute("paid", { key: "order-7" });

  const three = await cluster.open("n3");

  expect(await three.execute("paid", { key: "order-7" })).toBe(answer);
  expect(await three.read()).toEqual(["paid"]);
  await eventually(() => expect(three.status()).toMatchObject({ term: 2, members: { length: 3 } }));
});

test("without a majority a read and a command end in time, and say whether anything was done", async () => {
  await using cluster = new Cluster();
  const lonely = await cluster.open("n1");

  const reading = lonely.read(undefined, { timeoutMs: 50 });
  const writing = lonely.execute("x", { timeoutMs: 50 });

  await expect(reading).rejects.toMatchObject({ code: "QUORATE_NOT_JOINED", outcome: "not-applied" });
  await expect(writing).rejects.toMatchObject({ code: "QUORATE_NOT_JOINED", outcome: "not-applied" });
  expect(await lonely.read(undefined, { consistency: "stale" })).toEqual([]);
  expect(lonely.status()).toMatchObject({ healthy: false, reason: expect.stringContaining("not a member") });
});

test("what needs a leader or stored members is refused", async () => {
  await using cluster = new Cluster();
  const [node] = await Promise.all([cluster.open("n1"), cluster.open("n2")]);

  await expect(node.changeMembership({ kind: "remove", id: "n2" })).rejects.toMatchObject({
    code: "QUORATE_INVALID_CHANGE",
  });
  await expect(node.transferLeadership()).rejects.toMatchObject({ code: "QUORATE_INVALID_CHANGE" });
  await expect(node.read(undefined, { consistency: "lease" })).rejects.toMatchObject({ code: "QUORATE_OPTION" });
  await expect(cluster.open("n3", { leases: true })).rejects.toMatchObject({ option: "leases" });
  await expect(cluster.open("n3", { join: true, clusterId: "c" })).rejects.toMatchObject({ option: "join" });
  await expect(cluster.open("n3", { requestBytesMax: 2 ** 21 })).rejects.toMatchObject({ option: "requestBytesMax" });
  await expect(openNode({ id: "n1", protocol: "total-order" })).rejects.toMatchObject({ option: "machine" });
  await expect(openNode({ id: "n1", storage: "memory", newGroup: true })).rejects.toMatchObject({ option: "newGroup" });
});

test("a backup holds what was acknowledged before it", async () => {
  await using cluster = new Cluster();
  const [one, two] = await Promise.all([cluster.open("n1"), cluster.open("n2")]);
  await one.execute("kept");

  const backup = await two.backup();
  let bytes = 0;
  for await (const chunk of backup.content) bytes += chunk.length;

  expect(backup.index).toBeGreaterThan(0);
  expect(bytes).toBeGreaterThan("kept".length);
});

test("a member whose largest request is sent takes it", async () => {
  await using cluster = new Cluster();
  const [one, two] = await Promise.all([cluster.open("n1"), cluster.open("n2")]);
  const large = "x".repeat(2 ** 20 - 100);

  expect(await one.execute(large)).toBe(1);
  expect((await two.read())[0]?.length).toBe(large.length);
});
