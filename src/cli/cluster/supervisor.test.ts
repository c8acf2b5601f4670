import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { choosePorts, type NodePorts } from "./ports.ts";
import { type ClusterEvent, Supervisor } from "./supervisor.ts";

const standIn = new URL("../../../test/support/stand-in-node.js", import.meta.url).pathname;
let directory: string;
let events: ClusterEvent[];
let watchers: (() => void)[];
let supervisor: Supervisor | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "quorate-supervisor-"));
  mkdirSync(join(directory, "logs"));
  events = [];
  watchers = [];
});

afterEach(async () => {
  await supervisor?.close("at once");
  supervisor = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function start(explainAfterMs = 10_000): Promise<{ cluster: Supervisor; nodes: readonly NodePorts[] }> {
  const { nodes } = await choosePorts(3, 20_000 + Math.floor(Math.random() * 10_000), false);
  const members = nodes.map(({ id, peer }) => `${id}=127.0.0.1:${peer}`).join(",");
  const settings = ({ id, http }: NodePorts): string[] => ["--id", id, "--cluster", members, "--port", String(http)];
  supervisor = new Supervisor({
    nodes,
    ask: { tls: false, trust: {} },
    command: (node) => [process.execPath, standIn, "serve", ...settings(node), "--data-dir", join(directory, node.id)],
    logFile: (id) => join(directory, "logs", `${id}.log`),
    announce: (event) => {
      events.push(event);
      for (const watcher of watchers) watcher();
    },
    changed: () => undefined,
    explainAfterMs,
  });
  supervisor.start();
  return { cluster: supervisor, nodes };
}

/** The first event that fits, also one that came already, from number `since` on. */
async function event<Kind extends ClusterEvent["kind"]>(
  kind: Kind,
  fits: (event: Extract<ClusterEvent, { kind: Kind }>) => boolean = () => true,
  since = 0,
): Promise<Extract<ClusterEvent, { kind: Kind }>> {
  for (;;) {
    const found = events.slice(since).find((one) => one.kind === kind && fits(one as never));
    if (found !== undefined) return found as never;
    await new Promise<void>((resolve) => watchers.push(resolve));
  }
}

async function allStarted(): Promise<void> {
  await Promise.all(["n1", "n2", "n3"].map((id) => event("started", ({ node }) => node === id)));
}

test("a killed leader is replaced, stays down until it is started, and asking twice is a success", async () => {
  const { cluster } = await start();
  await allStarted();
  await event("leader", ({ node }) => node === "n1");
  const before = events.length;

  const killed = await cluster.answer({ command: "kill", node: "n1" });
  const again = await cluster.answer({ command: "kill", node: "n1" });
  const next = await event("leader", ({ node }) => node === "n2", before);
  const exit = await event("exit", ({ node }) => node === "n1", before);

  expect([killed.message, again.message]).toEqual(["n1 killed", "n1 is down already, and stays so"]);
  expect(exit).toMatchObject({ how: "SIGKILL", asked: true, restartMs: undefined });
  expect(next.stoppedMs).toBeGreaterThan(0);
  expect((await cluster.status()).nodes.map(({ state }) => state)).toEqual(["down", "up", "up"]);

  const since = events.length;
  await cluster.answer({ command: "start", node: "n1" });
  await event("leader", ({ node }) => node === "n1", since);
  expect((await cluster.answer({ command: "start", node: "n1" })).message).toBe("n1 runs already");
});

test("a node that crashes is started again; one that ends over its options is not", async () => {
  const { nodes } = await start();
  for (const { id } of nodes) await event("started", ({ node }) => node === id);
  const crash = (place: number, code: number): Promise<unknown> =>
    fetch(`http://127.0.0.1:${nodes[place]?.http}/crash?code=${code}`).catch(() => undefined);
  const since = events.length;

  await crash(1, 1);
  await crash(2, 64);

  expect(await event("exit", ({ node }) => node === "n2")).toMatchObject({
    how: "exit code 1",
    asked: false,
    restartMs: 250,
  });
  expect(await event("exit", ({ node }) => node === "n3")).toMatchObject({ how: "exit code 64", restartMs: undefined });
  await event("started", ({ node }) => node === "n2", since);
});

test("a node that was removed from the cluster is not started again", async () => {
  const { nodes } = await start();
  await allStarted();

  const gone = fetch(`http://127.0.0.1:${nodes[1]?.http}/remove`).catch(() => undefined);
  const exit = await event("exit", ({ node }) => node === "n2");
  await gone;

  expect(exit).toMatchObject({ how: "exit code 0", asked: true, restartMs: undefined });
});

test("a paused node is shown as such, keeps its process, and goes on", async () => {
  const { cluster } = await start();
  await allStarted();
  const before = (await cluster.status()).nodes[2];

  await cluster.answer({ command: "pause", node: "n3" });
  const paused = (await cluster.status()).nodes[2];
  const again = await cluster.answer({ command: "pause", node: "n3" });
  await cluster.answer({ command: "resume", node: "n3" });
  const after = (await cluster.status()).nodes[2];

  expect(paused).toMatchObject({ state: "paused", pid: before?.pid });
  expect(again.message).toBe("n3 is paused already");
  expect(after).toMatchObject({ state: "up", pid: before?.pid });
});

test("faults reach the nodes at both ends, also a node that starts under them", async () => {
  const { cluster, nodes } = await start();
  await event("leader");
  await allStarted();
  const faultsAt = async (place: number): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${nodes[place]?.http}/status`);
    return ((await response.json()) as { faults: unknown }).faults;
  };

  await cluster.answer({
    command: "cut",
    ways: [
      { from: "n1", to: "n2" },
      { from: "n2", to: "n1" },
    ],
  });
  await cluster.answer({ command: "delay", ways: [{ from: "n3", to: "n1" }], delayMs: 300 });
  const since = events.length;
  await cluster.answer({ command: "restart", node: "n2" });
  await event("started", ({ node }) => node === "n2", since);

  expect((await cluster.status()).faults).toEqual(["n1:n2 cut", "n2:n1 cut", "n3:n1 +300 ms"]);
  expect(await faultsAt(1)).toEqual([{ peer: "n1", cut: true }]);
  expect(await faultsAt(2)).toEqual([{ peer: "n1", delayMs: 300 }]);
  expect((await cluster.answer({ command: "heal" })).message).toBe("no faults on any link");
  await expect(cluster.answer({ command: "cut", ways: [{ from: "n1", to: "n9" }] })).rejects.toThrow("no node n9");
});

test("without a leader it is said who waits for whom", async () => {
  const { cluster } = await start(300);
  await event("leader");
  await allStarted();

  const since = events.length; // on a slow machine the start itself may have taken long enough to be explained
  await cluster.answer({ command: "kill", node: "n1" });
  await cluster.answer({ command: "stop", node: "n2" });
  const { lines } = await event("waiting", ({ lines }) => lines.includes("n1 is down"), since);

  expect(lines).toContain("n1 is down");
  expect(lines.at(2)).toMatch(/^n3 \(follower, term \d+\) waits for a link to n1, n2/);
  expect(lines.at(-1)).toBe("a leader needs 2 of 3 nodes, 1 runs");
});
