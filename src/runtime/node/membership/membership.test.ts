import { describe, expect, test } from "vitest";
import { journal } from "../../../../test/support/journal.ts";
import { type Cluster, eventually, machineCluster } from "../../../../test/support/members.ts";
import { testedProtocol } from "../../../../test/support/tested-protocol.ts";
import type { MachineNode, NodeEvent } from "../../api.ts";
import type { NodeOptions } from "../../options.ts";

type Journal = MachineNode<string, number, void, string[]>;

/** A leader that has committed something in its term: before, it changes nothing. */
async function settledLeader(cluster: Cluster<Journal>): Promise<Journal> {
  const leader = await cluster.leader();
  await leader.ready();
  return leader;
}

const node = { clusterId: "changing", timeoutMs: 3000 };

/** Starts a node that is to be added: it knows nobody, but listens where the others will look. */
async function join(cluster: Cluster<Journal>, id: string, given: Partial<NodeOptions> = {}): Promise<Journal> {
  return await cluster.open(id, { join: true, members: { [id]: `${id}:1` }, ...given });
}

/** Adds a node and makes it a voter, trying again until it has caught up. */
async function addVoter(cluster: Cluster<Journal>, id: string): Promise<void> {
  await (await cluster.leader()).changeMembership({ kind: "add", id, address: `${id}:1` });
  await eventually(async () => (await cluster.leader()).changeMembership({ kind: "promote", id }));
}

function votersOf(member: Journal): string[] {
  return member.status().members.map(({ id }) => id);
}

describe("a cluster", () => {
  test("grows from one to three and shrinks to the two that came later, and nothing acknowledged is lost", async () => {
    await using cluster = await machineCluster(journal, { size: 1, node });
    const first = await cluster.leader();
    await first.execute("a");
    for (const id of ["m2", "m3"]) {
      await join(cluster, id);
      await addVoter(cluster, id);
    }
    await cluster.node("m2").execute("b");
    const grown = votersOf(await cluster.leader());

    await (await cluster.leader()).changeMembership({ kind: "remove", id: "n1" });
    await cluster.crash("n1");
    const leader = await cluster.leader();
    await leader.execute("c");

    expect(grown).toEqual(["n1", "m2", "m3"]);
    expect(votersOf(leader)).toEqual(["m2", "m3"]);
    await eventually(async () => {
      for (const id of ["m2", "m3"]) expect(await cluster.node(id).read()).toEqual(["a", "b", "c"]);
    });
  });

  test("can have all its members replaced in one step", async () => {
    await using cluster = await machineCluster(journal, { node });
    await (await cluster.leader()).execute("a");
    const fresh = ["m1", "m2", "m3"].map((id) => ({ id, address: `${id}:1` }));
    for (const { id } of fresh) {
      await join(cluster, id);
      await (await cluster.leader()).changeMembership({ kind: "add", id, address: `${id}:1` });
    }

    await eventually(async () =>
      (await cluster.leader()).changeMembership({ kind: "set", members: fresh, learners: [] }),
    );
    for (const id of ["n1", "n2", "n3"]) await cluster.crash(id);

    expect(await (await cluster.leader()).execute("b")).toBe(2);
    expect(votersOf(cluster.node("m1"))).toEqual(["m1", "m2", "m3"]);
  });
});

describe("a change", () => {
  test("is refused where nobody leads, naming the leader", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const follower = await cluster.follower();

    const refused = follower.changeMembership({ kind: "remove", id: leader.id });

    await expect(refused).rejects.toMatchObject({
      code: "QUORATE_NOT_LEADER",
      leader: leader.id,
      outcome: "not-applied",
    });
  });

  test("that is so already is a success, and a change that cannot be is refused", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const before = leader.status().last;

    const again = await leader.changeMembership({ kind: "add", id: "n1", address: "n1:1" });
    const none = await leader.changeMembership({ kind: "remove", id: "n9" });

    expect([again.members.length, none.members.length, leader.status().last]).toEqual([3, 3, before]);
    for (const wrong of [{ kind: "set", members: [], learners: [] } as const, { kind: "promote", id: "n9" } as const]) {
      await expect(leader.changeMembership(wrong)).rejects.toMatchObject({ code: "QUORATE_INVALID_CHANGE" });
    }
  });

  test("waits its turn: a learner that cannot be reached does not vote", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    await leader.changeMembership({ kind: "add", id: "m4", address: "m4:1" });

    const behind = leader.changeMembership({ kind: "promote", id: "m4" });

    await expect(behind).rejects.toMatchObject({ code: "QUORATE_BEHIND", retry: "now", outcome: "not-applied" });
    const { learners, peers } = leader.status();
    expect(learners.map(({ id }) => id)).toEqual(["m4"]);
    expect(peers.find(({ id }) => id === "m4")).toMatchObject({ linkUp: false });
  });

  test("without a majority of the new members is not agreed on, and says that its outcome is unknown", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    cluster.isolate(leader.id);

    const change = leader.changeMembership({ kind: "add", id: "m4", address: "m4:1" }, { timeoutMs: 30 });

    await expect(change).rejects.toMatchObject({ code: "QUORATE_OUTCOME_UNKNOWN" });
  });

  test.runIf(testedProtocol === "raft")(
    "is refused while a member speaks the version before, by name, and made once it speaks this one",
    async () => {
      await using cluster = await machineCluster(journal, { node });
      const old = await cluster.follower();
      await cluster.crash(old.id);
      await cluster.open(old.id, { protocolVersionMax: 1 });
      const leader = await settledLeader(cluster);
      await eventually(() => expect(cluster.node(old.id).status().healthy).toBe(true));
      await leader.execute("a");

      const refused = leader.changeMembership({ kind: "add", id: "m4", address: "m4:1" });

      await expect(refused).rejects.toMatchObject({ code: "QUORATE_UNSUPPORTED", members: [old.id] });
      await cluster.crash(old.id);
      await cluster.open(old.id);
      await eventually(async () =>
        (await cluster.leader()).changeMembership({ kind: "add", id: "m4", address: "m4:1" }),
      );
      expect((await cluster.leader()).status().learners).toEqual([{ id: "m4", address: "m4:1" }]);
    },
  );
});

describe("a removed member", () => {
  test("is told, serves nothing, and disturbs nobody", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const gone = await cluster.follower();
    const events: NodeEvent[] = [];
    for (const kind of ["removed", "health"] as const) gone.on(kind, (event) => events.push(event));

    await leader.changeMembership({ kind: "remove", id: gone.id });
    const { term } = leader.status();
    await eventually(() => expect(events.at(-1)?.kind).toBe("removed"));

    expect(events.map(({ kind }) => kind)).toEqual(["health", "removed"]);
    expect(gone.status()).toMatchObject({ removed: true, reason: "this node was removed from the cluster" });
    await expect(gone.execute("x")).rejects.toMatchObject({ code: "QUORATE_REMOVED", outcome: "not-applied" });
    await leader.execute("a");
    expect(leader.status().term).toBe(term);
  });

  test("that was away learns of it when it is back, though nobody counts it a member", async () => {
    await using cluster = await machineCluster(journal, { size: 3, node });
    const leader = await settledLeader(cluster);
    const gone = await cluster.follower();
    await cluster.crash(gone.id);
    await leader.changeMembership({ kind: "remove", id: gone.id });
    await leader.execute("a");

    const back = await cluster.open(gone.id);

    await eventually(() => expect(back.status().removed).toBe(true));
    expect((await cluster.leader()).status().healthy).toBe(true);
  });

  test("that starts again while nobody can tell it so does not take itself for a newcomer", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const gone = await cluster.follower();
    await leader.changeMembership({ kind: "remove", id: gone.id });
    await eventually(() => expect(gone.status().removed).toBe(true));
    for (const id of ["n1", "n2", "n3"]) await cluster.crash(id);

    const back = await cluster.open(gone.id);

    expect(back.status()).toMatchObject({ removed: false, healthy: false });
    expect(back.status().reason).toBe(
      "this node seems to have been removed from the cluster, and waits for a member to say so",
    );
  });

  test("that led answers who asked it, and another leads", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);

    const { members } = await leader.changeMembership({ kind: "remove", id: leader.id });
    const next = await cluster.leader(leader.id);

    expect(members.map(({ id }) => id)).not.toContain(leader.id);
    expect(await next.execute("a")).toBe(1);
  });
});

describe("a member that moves", () => {
  test("is found at its new address, and keeps its name and its data", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const mover = await cluster.follower();

    await leader.changeMembership({ kind: "update", id: mover.id, address: "elsewhere:1" });
    await cluster.crash(mover.id);
    const moved = await cluster.openAt(mover.id, "elsewhere:1");
    await (await cluster.leader()).execute("a");

    await eventually(async () => expect(await moved.read()).toEqual(["a"]));
    await eventually(async () => {
      const peer = (await cluster.leader()).status().peers.find(({ id }) => id === mover.id);
      expect(peer?.linkUp).toBe(true);
    });
  });
});

describe("leadership", () => {
  test("is handed over to the member named, and back to whoever is best", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const heir = await cluster.follower();

    await leader.transferLeadership(heir.id);
    const led = heir.status().role;
    await heir.transferLeadership();

    expect(led).toBe("leader");
    expect((await cluster.leader(heir.id)).id).not.toBe(heir.id);
    await expect(heir.transferLeadership()).rejects.toMatchObject({ code: "QUORATE_NOT_LEADER" });
  });

  test("is not handed to who has no vote, or cannot be heard", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const away = await cluster.follower();
    await cluster.crash(away.id);

    await expect(leader.transferLeadership("n9")).rejects.toMatchObject({ code: "QUORATE_INVALID_CHANGE" });
    await eventually(() =>
      expect(leader.transferLeadership(away.id)).rejects.toMatchObject({ code: "QUORATE_BEHIND" }),
    );
    expect(await leader.execute("a")).toBe(1);
  });

  test("is handed over by a leader that is closed: the others never miss one for long", async () => {
    await using cluster = await machineCluster(journal, { node });
    const leader = await settledLeader(cluster);
    const follower = await cluster.follower();
    const seen: (string | undefined)[] = [];
    follower.on("leader", (event) => seen.push(event.leader));

    await leader.close();
    await follower.execute("a");

    expect(seen.at(-1)).toBeDefined();
    expect(seen.at(-1)).not.toBe(leader.id);
  });
});
