import { expect, test } from "vitest";
import { journal } from "../../../test/support/journal.ts";
import { eventually, machineCluster, tested } from "../../../test/support/members.ts";

test("a linearizable read on any member shows every write acknowledged before it, on whichever member", async () => {
  await using cluster = await machineCluster(journal);

  for (let at = 0; at < 60; at++) {
    const writer = cluster.node(`n${(at % 3) + 1}`);
    const reader = cluster.node(`n${((at + 1 + (at % 2)) % 3) + 1}`);
    const count = await writer.execute(`t${at}`);
    const shown = await reader.read();
    expect(shown).toHaveLength(count);
    expect(shown.at(-1)).toBe(`t${at}`);
  }
});

test("reads keep their promise while leaders change", async () => {
  await using cluster = await machineCluster(journal);
  let acknowledged = 0;
  let isOver = false;
  const writing = (async () => {
    for (let at = 0; at < 100; at++) acknowledged = await cluster.node(`n${(at % 3) + 1}`).execute(`t${at}`);
    isOver = true;
  })();
  const reading = (async () => {
    for (let at = 0; !isOver; at++) {
      const least = acknowledged;
      const shown = await cluster.node(`n${(at % 3) + 1}`).read();
      expect(shown.length).toBeGreaterThanOrEqual(least);
    }
  })();

  for (let at = 0; at < 2; at++) {
    const leader = await cluster.leader();
    cluster.isolate(leader.id);
    await cluster.leader(leader.id);
    cluster.heal();
  }
  await Promise.all([writing, reading]);

  for (const node of cluster.nodes) expect(await node.read()).toHaveLength(100);
});

test("a minority refuses linearizable reads, as not applied, and never shows stale state; a stale read is answered", async () => {
  await using cluster = await machineCluster(journal);
  const old = await cluster.leader();
  await old.execute("before");
  cluster.isolate(old.id);
  const other = await cluster.leader(old.id);
  await other.execute("after");

  const reading = old.read(undefined, { timeoutMs: 60 });
  const stale = await old.read(undefined, { consistency: "stale" });

  await expect(reading).rejects.toMatchObject({
    code: "QUORATE_NO_LEADER",
    retry: "elsewhere",
    outcome: "not-applied",
  });
  expect(stale).toEqual(["before"]);
  cluster.heal();
  expect(await eventually(() => old.read())).toEqual(["before", "after"]);
});

test("an aborted read ends at once, and one with an aborted signal does not begin", async () => {
  await using cluster = await machineCluster(journal);
  const leader = await cluster.leader();
  await eventually(() => expect(leader.status().waiting).toBe(0)); // it finds out what it must have applied to be ready
  cluster.isolate(leader.id);
  const controller = new AbortController();

  const reading = leader.read(undefined, { signal: controller.signal });
  controller.abort();

  await expect(reading).rejects.toMatchObject({ code: "QUORATE_ABORTED", outcome: "not-applied" });
  await expect(leader.read(undefined, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  expect(leader.status().waiting).toBe(0);
});

test("a read on a member that is behind waits until that has caught up", async () => {
  await using cluster = await machineCluster(journal);
  const follower = await cluster.follower();
  const other = cluster.nodes.find((node) => node !== follower && node.status().role === "follower");
  const leader = await cluster.leader();
  cluster.delayWay(leader.id, follower.id, 30);
  await other?.execute("x");

  expect(await follower.read()).toEqual(["x"]);
  expect(follower.status().applied).toBeGreaterThan(tested.openingCount);
});

test("a thousand readers of one moment share a question, and one signal between them", async () => {
  await using cluster = await machineCluster(journal);
  const follower = await cluster.follower();
  const { signal } = new AbortController();
  let asked = 0;
  follower.on("message", ({ direction, message }) => {
    if (direction === "sent" && (message as { kind: string }).kind === tested.question) asked++;
  });

  const shown = await Promise.all(Array.from({ length: 1000 }, () => follower.read(undefined, { signal })));

  expect(shown).toHaveLength(1000);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(10);
  expect(follower.status().waiting).toBe(0);
});
