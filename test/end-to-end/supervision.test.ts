import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRunning, Program, runQuorate } from "../support/processes.ts";

// `cluster up` and its commands with stand-in nodes: what the supervisor does, whatever the nodes are.
const launcher = fileURLToPath(new URL("../support/stand-in-cluster.js", import.meta.url));
let home: string;
let directory: string;
let started: Program[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-supervision-"));
  directory = join(home, ".quorate");
  started = [];
});

afterEach(async () => {
  for (const program of started) {
    program.process.kill("SIGKILL");
    await program.ended;
  }
  await cluster("down");
  rmSync(home, { recursive: true });
});

const anyBase = (): string => String(20_000 + Math.floor(Math.random() * 10_000));

async function up(base = anyBase(), ...flags: string[]): Promise<Program> {
  const program = new Program(launcher, [directory, base, ...flags]);
  started.push(program);
  await program.says(flags.includes("--json") ? '"kind":"ready"' : "Paste into another terminal:");
  return program;
}

function cluster(...words: string[]): ReturnType<typeof runQuorate> {
  return runQuorate(["cluster", ...words, "--dir", directory]);
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly role?: string;
  readonly pid?: number;
  readonly http: number;
}

async function rows(): Promise<Row[]> {
  const { stdout } = await cluster("status", "--json");
  return (JSON.parse(stdout) as { nodes: Row[] }).nodes;
}

test("the screen shows leader, addresses and lines to paste; end of input does not end the cluster", async () => {
  const program = await up();

  const screen = program.stdout;
  const nodes = await rows();

  expect(screen).toMatch(/n\d leads term \d+, ready in .* fsyncs a second/);
  for (const { http } of nodes) expect(screen).toContain(`http://127.0.0.1:${http}`);
  expect(screen.match(/^ {2}curl /gm)).toHaveLength(4);
  expect(screen).not.toContain("Keys:");
  expect(nodes.map(({ state }) => state)).toEqual(["up", "up", "up"]);
});

test("a second up on the same directory points to the first and exits with 1", async () => {
  const first = await up();

  const second = await new Program(launcher, [directory, ""]).ended;

  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`running cluster already (pid ${first.process.pid})`);
});

test("a killed node is said, replaced, and stays down until it is started; all say 0 when it is so already", async () => {
  const program = await up();

  const codes = [
    (await cluster("kill", "n1")).code,
    (await cluster("kill", "n1")).code,
    (await cluster("stop", "n1")).code,
  ];
  await program.says("n2 leads term");
  const [first] = await rows();
  const restarted = [(await cluster("start", "n1")).code, (await cluster("start", "n1")).code];

  expect(codes).toEqual([0, 0, 0]);
  expect(restarted).toEqual([0, 0]);
  expect(first?.state).toBe("down");
  expect(program.stdout).toContain("n1 ended: SIGKILL; it stays down until it is started");
  expect(program.stdout).toMatch(/n2 leads term \d+ \(writes stopped for \d+ ms\)/);
});

test("faults are shown by status, and an unknown node is a usage error", async () => {
  await up();

  await cluster("cut", "n1", "n2");
  await cluster("delay", "n3:n1", "300ms");
  const { stdout } = await cluster("status");
  const healed = await cluster("heal");
  const unknown = await cluster("kill", "n9");
  const malformed = await cluster("delay", "n1", "n2");

  expect(stdout).toContain("faults: n1:n2 cut, n2:n1 cut, n3:n1 +300 ms");
  expect(healed.stderr).toContain("no faults on any link");
  expect([unknown.code, malformed.code]).toEqual([64, 64]);
});

test("SIGINT ends all nodes and the supervisor with 0", async () => {
  const program = await up();
  const pids = (await rows()).flatMap(({ pid }) => pid ?? []);

  program.process.kill("SIGINT");
  const { code } = await program.ended;

  expect(code).toBe(0);
  expect(pids).toHaveLength(3);
  expect(pids.filter(isRunning)).toEqual([]);
  expect((await cluster("status")).code).toBe(1);
  expect((await cluster("down")).code).toBe(0);
});

test("a supervisor that is killed leaves no node behind, not even a paused one, once the next one starts", async () => {
  const base = anyBase();
  const killed = await up(base);
  const pids = (await rows()).flatMap(({ pid }) => pid ?? []);
  await cluster("pause", "n2");

  killed.process.kill("SIGKILL");
  await killed.ended;
  const stale = await cluster("status");
  await up("");

  expect(stale.code).toBe(1);
  expect(pids.filter(isRunning)).toEqual([]);
  expect((await rows())[0]?.http).toBe(Number(base));
});

test("down stops everything; with --wipe nothing is left; both are no error when there is nothing", async () => {
  const program = await up(anyBase(), "--json");

  const down = await cluster("down");
  const ended = await program.ended;
  const kept = existsSync(join(directory, "n1"));
  const wiped = await cluster("down", "--wipe");
  const again = await cluster("down", "--wipe");

  expect([down.code, ended.code, wiped.code, again.code]).toEqual([0, 0, 0, 0]);
  expect(kept).toBe(true);
  expect(existsSync(directory)).toBe(false);
});

test("each node's log is kept in full, and printed on demand", async () => {
  await up();

  const all = await cluster("logs");
  const one = await cluster("logs", "n2");

  expect(all.stdout.match(/^n\d \| .*n\d serves/gm)).toHaveLength(3);
  expect(one.stdout).toMatch(/^n2 \| .*INFO.*n2 serves\n$/);
  expect(readFileSync(join(directory, "logs", "n2.log"), "utf8")).toContain('"msg":"n2 serves"');
});
