import { describe, expect, test } from "vitest";
import { type Cluster, eventually, logCluster } from "../../../test/support/members.ts";
import type { LogNode } from "../api.ts";

const bytes = (text: string) => Buffer.from(text);

/** What a reader took in, until it was told to end. */
interface Reader {
  readonly taken: string[];
  readonly indexes: number[];
  readonly done: Promise<void>;
  end(): void;
}

/** Follows the order; a snapshot shows as its content in brackets. */
function follow(node: LogNode, from = 0): Reader {
  const controller = new AbortController();
  const taken: string[] = [];
  const indexes: number[] = [];
  const read = async () => {
    for await (const delivery of node.committed({ from, signal: controller.signal })) {
      if (delivery.kind === "snapshot") {
        const parts: Uint8Array[] = [];
        for await (const part of delivery.content) parts.push(part);
        taken.push(`[${Buffer.concat(parts)}]`);
        indexes.push(delivery.index);
        continue;
      }
      for (const { index, payload } of delivery.entries) {
        taken.push(Buffer.from(payload).toString());
        indexes.push(index);
      }
    }
  };
  const done = read().catch((error: { code?: string }) => {
    if (error.code !== "QUORATE_ABORTED") throw error;
  });
  return { taken, indexes, done, end: () => controller.abort() };
}

const texts = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

async function proposeAll(node: LogNode, all: readonly string[]): Promise<readonly number[]> {
  return await Promise.all(all.map((text) => node.propose(bytes(text))));
}

describe("committed", () => {
  test("shows every member the same order, and propose resolves with the place in it", async () => {
    await using cluster = await logCluster();
    const readers = cluster.nodes.map((node) => follow(node));

    const indexes = await Promise.all(cluster.nodes.map((node) => proposeAll(node, texts(node.id, 20))));

    await eventually(() => expect(readers.map(({ taken }) => taken.length)).toEqual([60, 60, 60]));
    expect(readers[1]?.taken).toEqual(readers[0]?.taken);
    expect(readers[2]?.taken).toEqual(readers[0]?.taken);
    expect(readers[0]?.indexes).toEqual(indexes.flat().toSorted((one, other) => one - other));
    const place = readers[0]?.indexes.indexOf(indexes[1]?.[7] ?? 0) ?? -1;
    expect(readers[0]?.taken[place]).toBe("n27");
  });

  test("a barrier gives an index: with everything through it taken in, a local read is linearizable", async () => {
    await using cluster = await logCluster();
    const follower = await cluster.follower();
    const reader = follow(follower);
    const leader = await cluster.leader();

    for (let at = 0; at < 20; at++) {
      const index = await leader.propose(bytes(`t${at}`));
      const barrier = await follower.barrier();
      expect(barrier).toBeGreaterThanOrEqual(index);
      await eventually(() => expect(follower.status().applied).toBeGreaterThanOrEqual(barrier));
      expect(reader.taken).toHaveLength(at + 1);
    }
  });

  test("asking for the next delivery acknowledges the one before, and nothing else does", async () => {
    await using cluster = await logCluster({ size: 1 });
    const node = cluster.node("n1");
    const first = await node.propose(bytes("a"));
    const reading = node.committed({ from: 0 })[Symbol.asyncIterator]();

    const { value } = await reading.next();
    expect(value).toMatchObject({ kind: "entries", entries: [{ index: first }] });
    expect(node.status().applied).toBeLessThan(first);
    const next = reading.next();
    await eventually(() => expect(node.status().applied).toBe(first));

    await node.propose(bytes("b"));
    expect((await next).done).toBe(false);
    await reading.return?.();
    expect(node.status().applied).toBe(first);
  });

  test("what a loop that ended early had not acknowledged comes again", async () => {
    await using cluster = await logCluster({ size: 1 });
    const node = cluster.node("n1");
    await proposeAll(node, ["a", "b"]);
    for await (const delivery of node.committed({ from: 0 })) {
      expect(delivery.kind).toBe("entries");
      break; // say, its own storage failed
    }

    const reader = follow(node);

    await eventually(() => expect(reader.taken).toEqual(["a", "b"]));
  });

  test("nothing through `from` is shown, also within one delivery", async () => {
    await using cluster = await logCluster({ size: 1 });
    const node = cluster.node("n1");
    const indexes = await proposeAll(node, texts("t", 10));

    const reader = follow(node, indexes[6]);

    await eventually(() => expect(reader.taken).toEqual(["t7", "t8", "t9"]));
  });

  test("a later loop goes on where the last ended; one that would miss something is refused", async () => {
    await using cluster = await logCluster({ size: 1 });
    const node = cluster.node("n1");
    const [first = 0] = await proposeAll(node, ["a"]);
    const reader = follow(node);
    await eventually(() => expect(node.status().applied).toBe(first));
    reader.end();
    await reader.done;
    await node.propose(bytes("b"));

    const missing = node
      .committed({ from: first - 1 })
      [Symbol.asyncIterator]()
      .next();

    await expect(missing).rejects.toThrow(`option from: must be at least ${first}, which was acknowledged`);
    const next = follow(node, first);
    await eventually(() => expect(next.taken).toEqual(["b"]));
    await expect(node.committed({ from: -1 })[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError); // one reader
  });

  test("a loop ends when the node is closed, after what was queued, and rejects when its signal is aborted", async () => {
    await using cluster = await logCluster({ size: 1 });
    const node = cluster.node("n1");
    const controller = new AbortController();
    const waiting = node.committed({ from: 0, signal: controller.signal })[Symbol.asyncIterator]().next();
    controller.abort("enough");
    await expect(waiting).rejects.toMatchObject({ code: "QUORATE_ABORTED", cause: "enough" });
    await proposeAll(node, ["a", "b"]);

    await node.close();
    const reader = follow(node);
    await reader.done;

    expect(reader.taken).toEqual(["a", "b"]);
  });

  test("a payload is the node's own: its owner may use the buffer again at once", async () => {
    await using cluster = await logCluster();
    const late = await cluster.follower();
    const leader = await cluster.leader();
    cluster.isolate(late.id);
    const buffer = bytes("first");
    await leader.propose(buffer);
    buffer.fill("x");
    await leader.propose(buffer);

    cluster.heal();
    const reader = follow(late);

    await eventually(() => expect(reader.taken).toEqual(["first", "xxxxx"]));
  });
});

describe("a slow reader", () => {
  const kilobytes = 64;
  const payload = Buffer.alloc(kilobytes * 1024, "x");

  test("bounds what is queued: proposers are refused as busy, and go on once it reads", async () => {
    await using cluster = await logCluster({ size: 1 });
    const node = cluster.node("n1");
    const results: PromiseSettledResult<number>[] = [];
    while (results.every(({ status }) => status === "fulfilled") && results.length < 1000) {
      results.push(...(await Promise.allSettled(Array.from({ length: 32 }, () => node.propose(payload)))));
    }

    const accepted = results.filter(({ status }) => status === "fulfilled").length;
    const refused = results.find((result) => result.status === "rejected");
    expect(refused?.reason).toMatchObject({ code: "QUORATE_BUSY", retry: "now", outcome: "not-applied" });
    expect(accepted * kilobytes).toBeLessThanOrEqual(20 * 1024);
    await expect(node.ready({ timeoutMs: 30 })).rejects.toMatchObject({ code: "QUORATE_BUSY" });
    const reader = follow(node);
    await eventually(() => expect(reader.taken).toHaveLength(accepted));
    await node.propose(payload);
    await eventually(() => expect(reader.taken).toHaveLength(accepted + 1));
  });

  test("on one member does not hold up the others, and catches up from the disk", async () => {
    await using cluster = await logCluster();
    const slow = await cluster.follower();
    const readers = cluster.nodes.filter((node) => node !== slow).map((node) => follow(node));
    const leader = await cluster.leader();
    const count = 400; // beyond the 16 MiB that are delivered unread and the 8 MiB that stay in memory

    for (let at = 0; at < count; at += 20) {
      await Promise.all(Array.from({ length: 20 }, () => leader.propose(payload)));
    }
    await eventually(() => expect(readers.map(({ taken }) => taken.length)).toEqual([count, count]));
    expect(slow.status().applied).toBeLessThanOrEqual(1);
    const reader = follow(slow);

    await eventually(() => expect(reader.taken).toHaveLength(count));
    expect(reader.indexes).toEqual(readers[0]?.indexes);
  });
});

describe("saveSnapshot", () => {
  async function grown(
    cluster: Cluster<LogNode>,
  ): Promise<{ node: LogNode; reader: Reader; indexes: readonly number[] }> {
    const node = await cluster.leader();
    const reader = follow(node);
    const indexes = await proposeAll(node, ["a", "b", "c"]);
    await eventually(() => expect(node.status().applied).toBeGreaterThanOrEqual(indexes[2] ?? 0));
    return { node, reader, indexes };
  }

  test("gives a restarted member the snapshot first, then what follows it", async () => {
    await using cluster = await logCluster({ size: 1 });
    const { node, indexes } = await grown(cluster);
    const seen: unknown[] = [];
    node.on("snapshot", (event) => seen.push(event));

    await node.saveSnapshot(indexes[1] ?? 0, [bytes("a"), bytes(",b")]);
    await node.propose(bytes("d"));
    await node.close();
    const restarted = await cluster.open("n1");
    const reader = follow(restarted);

    await eventually(() => expect(reader.taken).toEqual(["[a,b]", "c", "d"]));
    expect(seen).toEqual([{ kind: "snapshot", index: indexes[1], bytes: 3 }]);
    expect(restarted.status().snapshot).toBe(indexes[1]);
  });

  test("a reader that has the state already, as of the snapshot or later, is not given it", async () => {
    await using cluster = await logCluster({ size: 1 });
    const { node, indexes } = await grown(cluster);
    await node.saveSnapshot(indexes[1] ?? 0, [bytes("a,b")]);
    await cluster.crash("n1");
    const restarted = await cluster.open("n1");

    const reader = follow(restarted, indexes[1]);

    await eventually(() => expect(reader.taken).toEqual(["c"]));
  });

  test("refuses an index that is not acknowledged, or not after the last snapshot", async () => {
    await using cluster = await logCluster({ size: 1 });
    const { node, reader, indexes } = await grown(cluster);
    const last = indexes[2] ?? 0;
    const misuse = "must be acknowledged, and after the last snapshot";

    await node.saveSnapshot(last, [bytes("1")]);
    await eventually(() => expect(node.status().snapshot).toBe(last));

    for (const index of [0, last - 1, last, last + 1, 1.5, Number.NaN]) {
      await expect(node.saveSnapshot(index, [bytes("2")])).rejects.toThrow(misuse);
    }
    reader.end();
    await reader.done;
    const unread = await node.propose(bytes("d"));
    await expect(node.saveSnapshot(unread, [bytes("2")])).rejects.toMatchObject({ code: "QUORATE_OPTION" });
  });

  test("that fails half way leaves the node as it was", async () => {
    await using cluster = await logCluster({ size: 1 });
    const { node, indexes } = await grown(cluster);
    async function* broken() {
      yield bytes("half");
      throw new Error("of the source");
    }

    await expect(node.saveSnapshot(indexes[2] ?? 0, broken())).rejects.toThrow(/^of the source$/);

    expect([...cluster.disk("n1").contents.keys()].filter((path) => path.startsWith("snapshots"))).toEqual([]);
    await node.saveSnapshot(indexes[2] ?? 0, [bytes("whole")]);
    await eventually(() => expect(node.status().snapshot).toBe(indexes[2]));
  });

  test("ends early when the node closes", async () => {
    await using cluster = await logCluster({ size: 1 });
    const { node, indexes } = await grown(cluster);
    let closing: Promise<void> | undefined;
    function* endless() {
      for (let at = 0; ; at++) {
        if (at === 10) closing = node.close();
        yield bytes("more");
      }
    }

    const saving = node.saveSnapshot(indexes[2] ?? 0, endless());

    await expect(saving).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
    await closing;
    expect([...cluster.disk("n1").contents.keys()].filter((path) => path.startsWith("snapshots"))).toEqual([]);
  });
});
