/**
 * How many messages a second does the workbench route, and how long does `quorate maelstrom test` take to begin?
 *
 * Routing: each node sends messages to the others and answers what it gets, so that a fixed number is under way at any
 * time; it does next to nothing for each. Nodes and workbench share the cores, so the workbench's own CPU for a message
 * says more than the rate. "In memory": nobody but the network, its delays and its journal.
 * Run: `npx tsx bench/maelstrom.ts [seconds]`; start-up is that of the built command (`npx tsc -b`).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Network } from "../src/workbench/network/network.ts";
import { Journal } from "../src/workbench/run/journal.ts";
import type { TestOptions } from "../src/workbench/run/options.ts";
import { runTest } from "../src/workbench/run/run-test.ts";
import { Timeline } from "../src/workbench/run/timeline.ts";
import { echo } from "../src/workbench/workloads/echo.ts";

const seconds = Number(process.argv[2] ?? 5);
const quorate = fileURLToPath(new URL("../bin/quorate.js", import.meta.url));
const quiet: TestOptions = {
  ...{ workload: "echo", command: [], nodes: [], concurrency: 1, rate: 0, timeLimitSeconds: seconds },
  ...{ latencyMs: 0, latencyDistribution: "constant", loss: 0, duplication: 0, faults: [], nemesisIntervalSeconds: 10 },
  ...{ topology: "grid", keyCount: undefined, maxTxnLength: 4, maxWritesPerKey: 16 },
  ...{ consistencyModels: [], availability: undefined, seed: 1, fast: false, recoverySeconds: 0 },
};

/** A node: after `init` it throws some balls, and whatever ball it gets it throws back. It parses nothing else. */
const node = `
const balls = Number(process.argv[1]);
const answers = new Map();
let rest = "";
process.stdin.on("end", () => process.exit(0)).setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  process.stdout.write(lines.map((line) => answers.get(line) ?? read(line)).join(""));
});
const ball = (src, dest) => JSON.stringify({ src, dest, body: { type: "ball" } });
function read(line) {
  const { src, dest, body } = JSON.parse(line);
  const answer = { src: dest, dest: src, body: { type: "init_ok", in_reply_to: body.msg_id } };
  const others = body.node_ids.filter((id) => id !== dest);
  for (const id of others) answers.set(ball(id, dest), ball(dest, id) + "\\n");
  const thrown = Array.from({ length: balls }, (_, at) => ball(dest, others[at % others.length]) + "\\n");
  return JSON.stringify(answer) + "\\n" + thrown.join("");
}`;

function print(label: string, messages: number, ms: number, cpuMs: number): void {
  const rate = Math.round((messages * 1000) / ms).toLocaleString("en");
  console.log(
    `${label.padEnd(48)}${rate.padStart(9)} messages/s${((cpuMs * 1e3) / messages).toFixed(1).padStart(7)} us`,
  );
}

function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e3;
}

async function routeBetweenProcesses(nodeCount: number, balls: number, latencyMs: number): Promise<void> {
  const logDirectory = mkdtempSync(join(tmpdir(), "quorate-bench-"));
  const nodes = Array.from({ length: nodeCount }, (_, at) => `n${at}`);
  const options = { ...quiet, latencyMs, nodes, command: [process.execPath, "-e", node, String(balls)] };
  let begun: { readonly cpu: NodeJS.CpuUsage; readonly ms: number; readonly messages: number } | undefined;
  const { traffic } = await runTest(echo, options, {
    ...{ logDirectory, words: [], signal: new AbortController().signal },
    progress: ({ phase, messages }) => {
      if (phase === "running") begun ??= { cpu: process.cpuUsage(), ms: performance.now(), messages };
      if (phase !== "recovering" || begun === undefined) return;
      const label = `${nodeCount} nodes, ${balls} balls each, latency ${latencyMs} ms`;
      print(label, messages - begun.messages, performance.now() - begun.ms, cpuSince(begun.cpu));
    },
  });
  if (traffic.servers.sent === 0) throw new Error("the nodes sent nothing");
  rmSync(logDirectory, { recursive: true });
}

async function routeInMemory(latencyMs: number, isKept: boolean): Promise<void> {
  const timeline = new Timeline(false);
  const journal = new Journal(isKept ? undefined : 0);
  const network = new Network(timeline, journal, { latencyMs, distribution: "constant", loss: 0, duplication: 0 }, 1);
  const ids = Array.from({ length: 25 }, (_, at) => `n${at}`);
  for (const id of ids) {
    network.join(id, ({ src, body }) => {
      if (!isOver) setImmediate(() => network.send({ src: id, dest: src, body }));
      return true;
    });
  }
  let isOver = false;
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  for (const [at, src] of ids.entries()) {
    for (let ball = 1; ball <= 40; ball++) {
      network.send({ src, dest: ids[(at + ball) % ids.length] ?? "", body: { type: "ball" } });
    }
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const label = `in memory, latency ${latencyMs} ms, ${isKept ? "journal" : "journal counts only"}`;
  isOver = true;
  print(label, journal.traffic.all.received, performance.now() - start, cpuSince(cpu));
  timeline.close();
}

/** Until the first node is sent `init`, and until the report is written; a test of no length with one node. */
async function startUp(): Promise<{ readonly initMs: number; readonly endMs: number }> {
  const store = mkdtempSync(join(tmpdir(), "quorate-bench-"));
  const start = performance.now();
  const words = ["-w", "echo", "--node-count", "1", "--time-limit", "0", "--log-net-send", "--store", store];
  const command = [quorate, "maelstrom", "test", ...words, "--", process.execPath, "-e", node, "0"];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "ignore", "pipe"] });
  let initMs = Number.NaN;
  child.stderr.on("data", (text: Buffer) => {
    if (Number.isNaN(initMs) && text.includes('"init"')) initMs = performance.now() - start;
  });
  await once(child, "close");
  const endMs = performance.now() - start;
  rmSync(store, { recursive: true });
  if (Number.isNaN(initMs) || child.exitCode !== 0) throw new Error("the test did not begin; was it built?");
  return { initMs, endMs };
}

await routeInMemory(0, true);
await routeInMemory(0, false);
await routeInMemory(10, true);
await routeBetweenProcesses(2, 1, 0);
await routeBetweenProcesses(2, 100, 0);
await routeBetweenProcesses(5, 100, 0);
await routeBetweenProcesses(25, 40, 0);
await routeBetweenProcesses(25, 400, 10);

const times: Awaited<ReturnType<typeof startUp>>[] = [];
for (let round = 0; round < 9; round++) times.push(await startUp());
const median = (of: "initMs" | "endMs"): string =>
  (times.map((time) => time[of]).sort((one, other) => one - other)[4] ?? 0).toFixed(0);
console.log(`start-up, median of 9: ${median("initMs")} ms to the first init, ${median("endMs")} ms to the verdict`);
