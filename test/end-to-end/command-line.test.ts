import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quorate, runQuorate } from "../support/processes.ts";

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-command-line-"));
});
afterAll(() => rmSync(home, { recursive: true }));

test("the bin can be executed as it is", () => {
  accessSync(quorate, constants.X_OK);

  const { stdout, status } = spawnSync(quorate, ["--version"], { encoding: "utf8" });

  expect(status).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("help lists every command in its group, on stdout", async () => {
  const { stdout, stderr, code } = await runQuorate(["--help"]);

  const groups = stdout.split("\n").filter((line) => /^(Run|Use|Operate|Prove|See):$/.test(line));
  expect(groups).toEqual(["Run:", "Use:", "Operate:", "Prove:", "See:"]);
  const run = ["serve", "cluster", "stack", "log", "kv", "status"];
  for (const name of [...run, "simulate", "check", "doctor", "events", "help"]) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  }
  expect([stderr, code]).toEqual(["", 0]);
});

test("help CODE prints the page of an error; an unknown code leads to the nearest", async () => {
  const page = await runQuorate(["help", "quorate_no_leader"]);
  const unknown = await runQuorate(["help", "QUORATE_NO_LEADR"]);

  expect(page.stdout).toMatch(/^QUORATE_NO_LEADER\n/);
  expect(unknown.code).toBe(64);
  expect(unknown.stderr).toContain("did you mean QUORATE_NO_LEADER");
});

describe("usage errors end with 64, say why on stderr, and leave stdout alone", () => {
  test.each([
    [["statsu"], "Did you mean status?"],
    [["stack", "push", "1"], "missing required argument 'value'"],
    [["help", "stak"], "did you mean stack?"],
    [["serve"], "id is missing"],
    [["serve", "--prot", "1"], "Did you mean --port?"],
    [["cluster", "up", "--nodes", "10"], "--nodes must be a whole number from 1 to 9"],
    [["status", "--endpoints", "::"], "is no endpoint"],
    [["member", "list", "--endpoints", "nonsense"], "--endpoints: nonsense is no endpoint; write host:port"],
    [["stack", "list", "--timeout", "soon"], "--timeout must be a duration"],
    [["simulate", "raf"], "there is no raf; there are raft"],
    [["simulate", "raft", "--runs", "0"], "--runs must be a whole number from 1 to"],
    [["simulate", "raft", "--members", "10"], "--members must be a whole number from 1 to 9"],
    [["simulate", "raft", "--faults", "crash,flod"], "--faults: there is no flod; there are crash, "],
    [["simulate", "raft", "--workload", "kw"], "--workload: there is no kw; there are kv, "],
    [["simulate", "raft", "--jobs", "many"], "--jobs must be a whole number from 1 to 64"],
    [["simulate", "./nothing.js"], "./nothing.js cannot be loaded"],
    [["simulate", "./package.json"], "./package.json cannot be loaded"],
  ])("%j", async (words, why) => {
    const { code, stdout, stderr } = await runQuorate(words);

    expect(code).toBe(64);
    expect(stdout).toBe("");
    expect(stderr).toContain(why);
  });

  test("an unknown key in the file of serve, with the nearest one", async () => {
    const config = join(home, "node.yaml");
    writeFileSync(config, "id: n1\ncluster: n1=127.0.0.1:12379\ndatadir: x\n");

    const { code, stderr } = await runQuorate(["serve"], { QUORATE_CONFIG: config });

    expect(code).toBe(64);
    expect(stderr).toContain("has the unknown key datadir; did you mean data-dir?");
  });
});

test("without anybody to answer, a write was certainly not applied: 69", async () => {
  const nobody = { QUORATE_ENDPOINTS: "127.0.0.1:1,127.0.0.1:2" };

  const write = await runQuorate(["stack", "push", "1", "x", "--timeout", "300ms"], nobody);
  const status = await runQuorate(["status", "--timeout", "300ms"], nobody);

  expect([write.code, status.code]).toEqual([69, 69]);
  expect(write.stderr).toContain("nothing was applied");
});

test("doctor measures and judges, as a table and as JSON", async () => {
  const { stdout, code } = await runQuorate(["doctor", "--json", "--data-dir", join(home, "data")]);

  const { findings } = JSON.parse(stdout) as { findings: { check: string; verdict: string; detail: string }[] };
  expect(findings.map(({ check }) => check)).toEqual(["node", "disk", "ports", "clock", "data"]);
  expect(findings.find(({ check }) => check === "disk")?.detail).toMatch(/[\d,]+ fsyncs a second/);
  expect(code).toBe(0);
});

test("a reader that has seen enough ends the command quietly", () => {
  const { stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${quorate}" --help | head -1`], {
    encoding: "utf8",
  });

  expect(stderr).toBe("");
});
