/**
 * How many pushes a second do three local processes agree on, with everything synced to disk?
 *
 * Starts three `quorate serve`, pushes through the leader over keep-alive sockets, one push at a time on each.
 * Compared with: the disk's own rate of synced 512-byte writes, measured in the same run before and after.
 * Run: `npx tsc -b`, then `npx tsx bench/stack.ts [seconds] [--all]`; `--all` spreads the clients over all nodes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runClients } from "./clients.ts";

const seconds = Number(process.argv[2] ?? 5);
const spread = process.argv.includes("--all");
const directory = mkdtempSync(join(tmpdir(), "quorate-bench-"));
const children: ChildProcess[] = [];

/** Synced writes a second that the disk itself can do: each 512 bytes appended, then fdatasync. */
function diskRate(): number {
  const file = openSync(join(directory, "disk"), "w");
  const block = Buffer.alloc(512, 1);
  const end = performance.now() + 1000;
  let count = 0;
  while (performance.now() < end) {
    writeSync(file, block);
    fdatasyncSync(file);
    count++;
  }
  closeSync(file);
  return count;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function startNodes(): Promise<readonly number[]> {
  const ids = ["n1", "n2", "n3"];
  const peers = await Promise.all(ids.map(freePort));
  const ports = await Promise.all(ids.map(freePort));
  const cluster = ids.map((id, at) => `${id}=127.0.0.1:${peers[at]}`).join(",");
  for (const [at, id] of ids.entries()) {
    const options = ["--id", id, "--cluster", cluster, "--port", String(ports[at]), "--data-dir", join(directory, id)];
    children.push(spawn(process.execPath, ["bin/quorate.js", "serve", ...options], { stdio: "ignore" }));
  }
  return ports;
}

/** The leader's HTTP port, once there is one. */
async function leaderPort(ports: readonly number[]): Promise<number> {
  for (;;) {
    for (const port of ports) {
      const status = await fetch(`http://127.0.0.1:${port}/status`).then(
        (answer) => answer.json(),
        () => undefined,
      );
      if ((status as { role?: string } | undefined)?.role === "leader") return port;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** User and system CPU seconds of our nodes so far (Linux). */
function cpuSeconds(): number {
  return children.reduce((sum, child) => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

async function run(): Promise<void> {
  const before = diskRate();
  const ports = await startNodes();
  const leader = await leaderPort(ports);
  await fetch(`http://127.0.0.1:${leader}/sCreate`, { method: "POST", body: "1" });
  await runClients([leader], 16, 1); // warm up
  for (const clients of [1, 16, 64, 256]) {
    const cpu = cpuSeconds();
    const { rate, p50, p99, failed } = await runClients(spread ? ports : [leader], clients, seconds);
    const cpuMicros = ((cpuSeconds() - cpu) * 1e6) / (rate * seconds);
    const facts = `${(rate / before).toFixed(2)} x disk, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    const rest = `${cpuMicros.toFixed(0)} us CPU a push over all nodes${failed > 0 ? `, ${failed} FAILED` : ""}`;
    console.log(`${String(clients).padStart(4)} clients: ${rate.toFixed(0).padStart(6)} pushes/s, ${facts}, ${rest}`);
  }
  console.log(`disk: ${before} synced 512-byte writes/s before, ${diskRate()} after`);
}

try {
  await run();
} finally {
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  rmSync(directory, { recursive: true, force: true });
}
