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
