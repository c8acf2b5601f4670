import { describe, expect, test } from "vitest";
import { journal } from "../../../test/support/journal.ts";
import { eventually, machineCluster, tested } from "../../../test/support/members.ts";
import type { NodeEvent } from "../api.ts";

describe("status", () => {
  test("tells role, term, indexes, members and links; the leader also tells how far each follower is", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    await leader.execute("x");
    await follower.read();

    const { last, durable, commit, applied, term } = leader.status();
    expect([last, durable, commit, applied]).toEqual(Array(4).fill(last));
    expect(last).toBeGreaterThanOrEqual(tested.openingCount + 1);
    expect(leader.status()).toMatchObject({
      role: "leader",
      leader: leader.id,
      healthy: true,
      snapshot: 0,
      waiting: 0,
    });
    expect(follower.status()).toMatchObject({
      role: "follower",
      leader: leader.id,
      term,
      reason: `${leader.id} leads`,
    });
    expect(leader.status().members).toEqual(cluster.ids.map((id) => ({ id, address: `${id}:1` })));
    const stream = { linkUp: true, mode: "stream", match: last, bytesInFlight: 0 };
    await eventually(() => {
      const peers = cluster.ids.filter((id) => id !== leader.id).map((id) => ({ id, ...stream }));
      expect(leader.status().peers).toMatchObject(peers);
    });
    expect(follower.status().peers.map(({ id, linkUp, mode }) => [id, linkUp, mode])).toEqual(
      cluster.ids.filter((id) => id !== follower.id).map((id) => [id, true, undefined]),
    );
    expect(leader.status().disk).toMatchObject({ state: "ok", syncs: expect.any(Number) });
    expect(leader.status().disk.bytes).toBeGreaterThan(0);
  });

  test("readyAt is the commit index of the start, and ready resolves once that is applied", async () => {
    await using cluster = await machineCluster(journal);
    const node = await cluster.follower();
    for (const text of ["a", "b", "c"]) await node.execute(text);
    await cluster.crash(node.id);
    const restarted = await cluster.open(node.id);

    await restarted.ready();

    expect(await restarted.read(undefined, { consistency: "stale" })).toEqual(["a", "b", "c"]);
    await eventually(() => expect(restarted.status().readyAt).toBeGreaterThanOrEqual(tested.openingCount + 3));
  });

  test("a member without a leader is not ready, and says why", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();
    cluster.isolate(leader.id);
    await eventually(() => expect(leader.status().healthy).toBe(false));

    expect(leader.status()).toMatchObject({ leader: undefined, reason: "no leader is known" });
    await expect(leader.ready({ timeoutMs: 30 })).rejects.toMatchObject({ code: "QUORATE_NO_LEADER" });
  });
});

describe("events", () => {
  test("tell of roles, leaders, commits, links and health, in order, until they are unsubscribed", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();
    const other = await cluster.follower();
    const seen: NodeEvent[] = [];
    const kinds = ["role", "leader", "commit", "health"] as const;
    const ends = kinds.map((kind) => leader.on(kind, (event) => seen.push(event)));

    await leader.execute("x");
    expect(seen.at(-1)).toEqual({ kind: "commit", index: leader.status().commit });
    const { term } = leader.status();
    cluster.isolate(leader.id);
    await eventually(() => expect(seen.at(-1)?.kind).toBe("health"));
    expect(seen.slice(-3)).toEqual([
      { kind: "leader", leader: undefined, term },
      { kind: "role", role: tested.lonelyRole, term },
      { kind: "health", healthy: false, reason: "no leader is known" },
    ]);

    for (const end of ends) end();
    const count = seen.length;
    cluster.heal();
    await eventually(async () => expect(await leader.read()).toEqual(["x"]));
    await other.execute("y");
    expect(seen).toHaveLength(count);
  });

  test("a link that breaks, and a follower's death, are told to the others", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const links: NodeEvent[] = [];
    leader.on("link", (event) => links.push(event));

    await cluster.crash(follower.id);
    await eventually(() => expect(links).toEqual([{ kind: "link", peer: follower.id, up: false }]));
    await cluster.open(follower.id);

    await eventually(() => expect(links.at(-1)).toEqual({ kind: "link", peer: follower.id, up: true }));
  });

  test("messages show the protocol at work, sent and received", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();
    const seen = new Set<string>();
    leader.on("message", ({ direction, peer, message }) => {
      seen.add(`${direction} ${(message as { kind: string }).kind} ${peer === leader.id ? "self" : "other"}`);
    });

    await leader.execute("x");

    await eventually(() => expect([...seen]).toContain(`received ${tested.accepted} other`));
    expect([...seen]).toContain(`sent ${tested.offer} other`);
    expect([...seen].filter((text) => text.endsWith("self"))).toEqual([]);
  });

  test("a listener that throws surfaces as its owner's fault, and the node goes on", async () => {
    await using cluster = await machineCluster(journal, { size: 1 });
    const node = cluster.node("n1");
    const fault = new Error("of the listener");
    const caught = takeUncaught();
    let heard = 0;
    node.on("commit", () => {
      throw fault;
    });
    node.on("commit", () => heard++);

    try {
      expect(await node.execute("x")).toBe(1);
      expect(await node.execute("y")).toBe(2);
      await eventually(() => expect(caught.errors.length).toBe(heard));
    } finally {
      caught.restore();
    }

    expect(heard).toBeGreaterThan(0);
    expect(new Set(caught.errors)).toEqual(new Set([fault]));
    expect(node.status().healthy).toBe(true);
  });
});

describe("close", () => {
  test("finishes what is in flight, and refuses what comes later as not applied", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();
    const executing = Promise.all(Array.from({ length: 50 }, (_, at) => leader.execute(`t${at}`)));

    const closing = leader.close();
    const late = leader.execute("late");

    await expect(late).rejects.toMatchObject({ code: "QUORATE_CLOSED", retry: "elsewhere", outcome: "not-applied" });
    await expect(leader.read()).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
    expect(await executing).toHaveLength(50);
    await closing;
    await leader.closed;
    expect(leader.status()).toMatchObject({ healthy: false, reason: "the node is closing", waiting: 0 });
    const others = cluster.nodes.filter((node) => node !== leader);
    expect(await others[0]?.read()).toHaveLength(50);
  });

  test("is idempotent, also by way of await using, and the others soon have another leader", async () => {
    await using cluster = await machineCluster(journal);
    const leader = await cluster.leader();

    await Promise.all([leader.close(), leader.close(), leader[Symbol.asyncDispose]()]);
    await leader.close();

    expect((await cluster.leader(leader.id)).id).not.toBe(leader.id);
  });

  test("does not wait for its own questions: a member that never found a leader closes at once", async () => {
    await using cluster = await machineCluster(journal);
    for (const id of ["n2", "n3"]) await cluster.crash(id);
    await cluster.crash("n1");
    const alone = await cluster.open("n1");
    await eventually(() => expect(alone.status().role).toBe("candidate"));
    expect(alone.status().waiting).toBe(1); // for the point at which it is ready
    const startedAt = performance.now();

    await alone.close();

    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

/** Takes the place of whoever else looks at exceptions that nobody caught. */
function takeUncaught(): { readonly errors: unknown[]; restore(): void } {
  const errors: unknown[] = [];
  const others = process.listeners("uncaughtException");
  const take = (error: unknown) => errors.push(error);
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", take);
  return {
    errors,
    restore: () => {
      process.removeListener("uncaughtException", take);
      for (const other of others) process.on("uncaughtException", other);
    },
  };
}
