import { expect, test } from "vitest";
import { journal } from "../../../test/support/journal.ts";
import { eventually, machineCluster } from "../../../test/support/members.ts";
import type { MachineNode } from "../api.ts";

type Journal = MachineNode<string, number, void, string[]>;

const node = { leases: true, tickMs: 10, electionTicks: 30, heartbeatTicks: 3 };

/** How many messages a leader had to hear for a read. */
async function heardFor(leader: Journal, consistency: "linearizable" | "lease"): Promise<number> {
  let heard = 0;
  const stop = leader.on("message", ({ direction }) => {
    if (direction === "received") heard++;
  });
  await leader.read(undefined, { consistency });
  stop();
  return heard;
}

test("by lease a leader answers without a word from the others; once its lease is over it does not", async () => {
  await using cluster = await machineCluster(journal, { node });
  const leader = await cluster.leader();
  await leader.execute("a");

  await eventually(async () => expect(await heardFor(leader, "lease")).toBe(0));
  const asked = await heardFor(leader, "linearizable");
  cluster.isolate(leader.id);
  const next = await cluster.leader(leader.id);
  await next.execute("b");
  const late = leader.read(undefined, { consistency: "lease", timeoutMs: 300 });

  expect(asked).toBeGreaterThan(0);
  await expect(late).rejects.toMatchObject({ code: "QUORATE_NO_LEADER", outcome: "not-applied" });
});

test("a follower reads by its leader's lease, and sees what was acknowledged before", async () => {
  await using cluster = await machineCluster(journal, { node });
  const follower = await cluster.follower();
  for (let count = 1; count <= 20; count++) {
    await (await cluster.leader()).execute(`${count}`);
    expect(await follower.read(undefined, { consistency: "lease" })).toHaveLength(count);
  }
});

test("without the option there are no reads by lease", async () => {
  await using cluster = await machineCluster(journal, { size: 1 });

  const refused = cluster.node("n1").read(undefined, { consistency: "lease" });

  await expect(refused).rejects.toMatchObject({ code: "QUORATE_OPTION", option: "consistency" });
});
