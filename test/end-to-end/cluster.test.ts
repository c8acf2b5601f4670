import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, Program, quorate, runQuorate } from "../support/processes.ts";

interface Row {
  readonly id: string;
  readonly state: string;
  readonly role?: string;
  readonly commit?: number;
  readonly http: number;
}

// One cluster of three real nodes, used by one test after the other.
let home: string;
let directory: string;
let program: Program;
let endpoints: string[];

const up = (...flags: string[]): Program => new Program(quorate, ["cluster", "up", "--dir", directory, ...flags]);
const cluster = (...words: string[]): Promise<Ended> => runQuorate(["cluster", ...words, "--dir", directory]);
const stack = (...words: string[]): Promise<Ended> => {
  return runQuorate(["stack", ...words], { QUORATE_ENDPOINTS: endpoints.join(",") });
};

async function rows(): Promise<Row[]> {
  return (JSON.parse((await cluster("status", "--json")).stdout) as { nodes: Row[] }).nodes;
}

/** The node that leads a majority at present; asks until there is one. */
async function leader(): Promise<string> {
  for (;;) {
    const nodes = await rows();
    const leading = nodes.find(({ role }) => role === "leader");
    if (leading !== undefined) return leading.id;
  }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "quorate-cluster-"));
  directory = join(home, ".quorate");
  program = up("--port-base", String(20_000 + Math.floor(Math.random() * 10_000)));
  await program.says("Paste into another terminal:");
  endpoints = (await rows()).map(({ http }) => `127.0.0.1:${http}`);
}, 30_000);

afterAll(async () => {
  await cluster("down", "--wipe");
  program.process.kill("SIGKILL");
  rmSync(home, { recursive: true });
});

test("the lines on the screen work when they are pasted", async () => {
  const lines = program.stdout.match(/curl -d \S+ \S+/g) ?? [];

  const answers: string[] = [];
  for (const line of lines) {
    const [, body = "", url = ""] = /^curl -d (\S+) (\S+)$/.exec(line) ?? [];
    answers.push(await (await fetch(url, { method: "POST", body })).text());
  }

  expect(answers).toEqual(["1\n", "hello\n", "hello\n"]);
});

test("a node cut off from the others refuses, and has everything once it is healed", async () => {
  const alone = await leader();
  const place = Number(alone.slice(1)) - 1;
  const others = endpoints.filter((_, index) => index !== place);
  await stack("create", "cut");
  for (const peer of ["n1", "n2", "n3"].filter((id) => id !== alone)) await cluster("cut", alone, peer);

  const refused = await stack("push", "cut", "lost", "--endpoints", endpoints[place] ?? "", "--timeout", "2s");
  const read = await stack("top", "cut", "--endpoints", endpoints[place] ?? "", "--timeout", "1s");
  const accepted = await stack("push", "cut", "kept", "--endpoints", others.join(","));
  await cluster("heal");
  const healed = await stack("push", "cut", "after", "--endpoints", endpoints[place] ?? "");

  expect([2, 69]).toContain(refused.code);
  expect(read.code).toBe(69);
  expect([accepted.code, healed.code]).toEqual([0, 0]);
  expect(Number(healed.stdout)).toBeGreaterThanOrEqual(2);
}, 30_000);

test("a paused leader is passed over, by the cluster and by clients", async () => {
  await stack("create", "paused");
  const frozen = await leader();
  await cluster("pause", frozen);

  const pushed = await stack("push", "paused", "x");
  const states = (await rows()).map(({ id, state }) => `${id} ${state}`);
  await cluster("resume", frozen);

  expect(pushed.code).toBe(0);
  expect(states).toContain(`${frozen} paused`);
}, 20_000);

describe("after a stop", () => {
  test("the next up goes on with the data, on the same ports, and says how many entries", async () => {
    await stack("create", "lasting");
    await stack("push", "lasting", "value");

    program.process.kill("SIGTERM");
    const { code } = await program.ended;
    program = up();
    await program.says("Paste into another terminal:");
    const top = await stack("top", "lasting");

    expect(code).toBe(0);
    expect(top.stdout).toBe("value\n");
    expect(program.stdout).toMatch(/resumed with \d+ entries/);
  }, 20_000);

  test("another number of nodes than the data are of is refused", async () => {
    program.process.kill("SIGTERM");
    await program.ended;

    const other = await up("--nodes", "5").ended;

    expect(other.code).toBe(64);
    expect(other.stderr).toContain("holds a cluster of 3 nodes, not 5");
  });
});
