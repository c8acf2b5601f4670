import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { journal } from "../../../test/support/journal.ts";
import { eventually, machineCluster, tested } from "../../../test/support/members.ts";
import { defineMachine } from "../../machines/machine.ts";
import { openNode } from "../open-node.ts";
import { waitingMax } from "./waiter.ts";

/** What a caller can tell of a failure. */
function failure(code: string, retry: string, outcome: string) {
  return expect.objectContaining({ code: `QUORATE_${code}`, retry, outcome });
}

test("any member takes commands; each is applied once, in one order, and answered by the machine", async () => {
  await using cluster = await machineCluster(journal);
  const texts = Array.from({ length: 60 }, (_, at) => `t${at}`);

  const answers = await Promise.all(texts.map((text, at) => cluster.node(`n${(at % 3) + 1}`).execute(text)));

  const orders = await Promise.all(cluster.nodes.map((node) => node.read()));
  expect(orders[0]?.toSorted()).toEqual(texts.toSorted());
  expect(orders[1]).toEqual(orders[0]);
  expect(orders[2]).toEqual(orders[0]);
  expect(answers.map((answer) => orders[0]?.[answer - 1])).toEqual(texts);
  expect(cluster.nodes.map((node) => node.status().waiting)).toEqual([0, 0, 0]);
});

test("a command whose leader is cut off before it answers is applied once by the next leader", async () => {
  await using cluster = await machineCluster(journal);
  const old = await cluster.leader();
  const follower = await cluster.follower();
  cluster.cutWay(old.id, follower.id); // the leader appends, and its answer is lost
  const executing = follower.execute("x");

  await eventually(() => expect(old.status().last).toBeGreaterThan(tested.openingCount));
  cluster.isolate(old.id);
  expect(await executing).toBe(1);
  cluster.heal();

  await eventually(async () => expect(await old.read()).toEqual(["x"]));
  expect(await follower.read()).toEqual(["x"]);
});

test("a leader that crashes with commands in flight: each that was answered stands once", async () => {
  await using cluster = await machineCluster(journal);
  const leader = await cluster.leader();
  const others = cluster.nodes.filter((node) => node !== leader);
  const texts = Array.from({ length: 40 }, (_, at) => `t${at}`);
  const executing = Promise.all(texts.map((text, at) => others[at % 2]?.execute(text, { key: text })));

  await turn();
  await cluster.crash(leader.id);
  await executing;
  const restarted = await cluster.open(leader.id);

  expect((await restarted.read()).toSorted()).toEqual(texts.toSorted());
});

test("one key is one request, whichever member it comes to, and however often", async () => {
  await using cluster = await machineCluster(journal);
  const tries = [...cluster.nodes, ...cluster.nodes];

  const answers = await Promise.all(tries.map((node) => node.execute("x", { key: "order-17" })));
  const later = await cluster.node("n2").execute("x", { key: "order-17" });

  expect([...answers, later]).toEqual(Array(7).fill(1));
  expect(await cluster.node("n1").read()).toEqual(["x"]);
});

test("a key that comes again with another command is refused, and that one is not applied", async () => {
  await using cluster = await machineCluster(journal);
  const [one, two] = cluster.nodes;
  await one?.execute("x", { key: "k" });

  await expect(two?.execute("y", { key: "k" })).rejects.toEqual(failure("KEY_REUSED", "never", "not-applied"));
  expect(await one?.read()).toEqual(["x"]);
});

test("a retry with the same key after an unknown outcome finds what the first try did", async () => {
  await using cluster = await machineCluster(journal);
  const leader = await cluster.leader();
  const other = await cluster.follower();
  cluster.isolate(leader.id);
  const first = leader.execute("x", { key: "k", timeoutMs: 40 });
  await expect(first).rejects.toEqual(failure("OUTCOME_UNKNOWN", "now", "unknown"));

  const elsewhere = await other.execute("x", { key: "k" });
  cluster.heal();

  expect(elsewhere).toBe(1);
  expect(await eventually(() => leader.execute("x", { key: "k" }))).toBe(1);
  expect(await other.read()).toEqual(["x"]);
});

test("without a leader a command is certainly not applied", async () => {
  await using cluster = await machineCluster(journal);
  const [n1, n2, n3] = ["n1", "n2", "n3"].map((id) => cluster.node(id));
  await cluster.leader();
  for (const id of cluster.ids) cluster.isolate(id);
  await eventually(() => expect(n1?.status().leader).toBeUndefined());

  const executing = n1?.execute("lost", { timeoutMs: 40 });

  await expect(executing).rejects.toEqual(failure("NO_LEADER", "elsewhere", "not-applied"));
  cluster.heal();
  await n2?.execute("kept");
  expect(await n3?.read()).toEqual(["kept"]);
});

test("a command that may have been appended stays unknown, though it then waits for a leader that never comes", async () => {
  await using cluster = await machineCluster(journal);
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  for (const kind of [tested.forwarded, tested.offer]) cluster.loseKind(leader.id, follower.id, kind);
  const executing = follower.execute("x", { timeoutMs: 400 });
  const failing = expect(executing).rejects.toEqual(failure("OUTCOME_UNKNOWN", "now", "unknown"));

  await eventually(() => expect(leader.status().last).toBeGreaterThan(tested.openingCount));
  for (const id of cluster.ids) cluster.isolate(id);
  await eventually(() => expect(follower.status().leader).toBeUndefined());
  const parked = follower.execute("y", { timeoutMs: 30 });

  await expect(parked).rejects.toEqual(failure("NO_LEADER", "elsewhere", "not-applied"));
  await failing;
});

test("a command and a read wait for a leader, and go on once there is one", async () => {
  await using cluster = await machineCluster(journal);
  for (const id of cluster.ids) cluster.isolate(id);
  const [one, two] = cluster.nodes;
  await eventually(() => expect(cluster.nodes.map((node) => node.status().leader)).toEqual(Array(3).fill(undefined)));

  const executing = one?.execute("x");
  const reading = two?.read();
  cluster.heal();

  expect(await executing).toBe(1);
  expect(await reading).toBeInstanceOf(Array);
});

test("a follower that only hears the leader gets through once it is heard again, without an election", async () => {
  await using cluster = await machineCluster(journal);
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  const { term } = leader.status();
  cluster.cutWay(follower.id, leader.id);
  const executing = follower.execute("x");
  const reading = follower.read();

  await expect(follower.read(undefined, { timeoutMs: 250 })).rejects.toEqual(
    failure("NO_LEADER", "elsewhere", "not-applied"),
  );
  cluster.heal();

  expect(await executing).toBe(1);
  expect(await reading).toBeInstanceOf(Array);
  expect(leader.status().term).toBe(term);
});

test("a command that is too large, or that the machine refuses, says so and is not applied", async () => {
  await using cluster = await machineCluster(journal, { size: 1, node: { requestBytesMax: 100 } });
  const node = cluster.node("n1");

  await expect(node.execute("x".repeat(99))).rejects.toEqual(failure("TOO_LARGE", "never", "not-applied"));
  await expect(node.execute("refuse 1")).rejects.toEqual(failure("COMMAND_FAILED", "never", "not-applied"));
  await expect(node.execute("x", { key: "" })).rejects.toEqual(failure("OPTION", "never", "not-applied"));
  await expect(node.execute("x", { key: "k".repeat(257) })).rejects.toThrow("1 to 256 characters");
  expect(await node.execute("x".repeat(98))).toBe(1);
  expect(node.status().waiting).toBe(0);
});

test("an aborted command was not applied if it was not sent, and may be if it was", async () => {
  await using cluster = await machineCluster(journal);
  const leader = await cluster.leader();
  const other = await cluster.follower();
  cluster.isolate(leader.id);
  const controller = new AbortController();

  const sent = leader.execute("sent", { signal: controller.signal });
  await turn();
  await turn();
  controller.abort("enough");
  await expect(sent).rejects.toEqual(failure("ABORTED", "now", "unknown"));
  await expect(sent).rejects.toMatchObject({ name: "AbortError", cause: "enough" });

  const unsent = other.execute("unsent", { signal: controller.signal });
  await expect(unsent).rejects.toEqual(failure("ABORTED", "now", "not-applied"));
  const later = await other.execute("later");
  expect(later).toBe(1);
  expect(await other.read()).toEqual(["later"]);
  expect(leader.status().waiting).toBe(0);
});

test("a flooded member refuses as busy what it cannot hold, and serves again", async () => {
  await using cluster = await machineCluster(journal, { size: 1 });
  const node = cluster.node("n1");
  const flood = Array.from({ length: waitingMax + 50 }, () => node.execute("x"));

  const results = await Promise.allSettled(flood);

  const refused = results.filter((result) => result.status === "rejected");
  expect(refused.length).toBeGreaterThanOrEqual(50);
  for (const { reason } of refused) expect(reason).toEqual(failure("BUSY", "now", "not-applied"));
  expect(await node.execute("y")).toBe(results.length - refused.length + 1);
  expect(node.status().waiting).toBe(0);
});

test("while slow commands are applied, other work gets its turn between them", async () => {
  const slow = defineMachine({
    initial: () => ({ turns: [] as number[] }),
    apply: ({ turns }) => {
      const end = performance.now() + 3;
      while (performance.now() < end); // at work
      return turns.push(turnCount);
    },
    query: ({ turns }) => turns,
  });
  let turnCount = 0;
  const counting = setInterval(() => turnCount++, 0);
  onTestFinished(() => clearInterval(counting));
  await using node = await openNode({ id: "n1", storage: "memory", machine: slow });

  await Promise.all(Array.from({ length: 40 }, () => node.execute(undefined))); // about one delivery

  const turns = await node.read();
  expect(turns.length).toBe(40);
  expect(new Set(turns).size).toBeGreaterThanOrEqual(10);
});
