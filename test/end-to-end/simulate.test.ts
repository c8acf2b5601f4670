import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Program, quorate, runQuorate } from "../support/processes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const few = ["simulate", "raft", "--runs", "6", "--operations", "40"];
const atMost = { timeout: 300_000 };
let home: string;
let wrongCore: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-simulate-"));
  mkdirSync(join(home, "node_modules"));
  symlinkSync(root, join(home, "node_modules/quorate")); // as an install would
  wrongCore = join(home, "two-leaders.mjs");
  copyFileSync(join(root, "test/support/two-leaders.js"), wrongCore);
});
afterAll(() => rmSync(home, { recursive: true }));

test("a hostile Raft passes: what was covered is told in numbers", atMost, async () => {
  const { code, stdout, stderr } = await runQuorate([...few, "--jobs", "2"]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^raft, workload kv: 6 runs, no run failed\n\d+ s simulated in [\d.]+ m?s on 2 threads: /);
  expect(stdout).toMatch(/^crash +\d+ +\w+ +[\d,]+$/m);
  expect(stdout).toMatch(/ lease reads +[\d,]+\n/);
  expect(stdout).toMatch(/ handovers +[\d,]+\n/);
  expect(stdout).toMatch(/^digest [0-9a-f]{16}\n$/m);
  expect(stderr).toMatch(/^\d of 6 runs {3}[\d.]+ runs\/s {3}[\d.]+ m?s left {3}simulated \d+ s/); // without a bar
});

test("what it says as JSON does not depend on the number of threads, nor on when", atMost, async () => {
  const alone = await runQuorate([...few, "--json", "--jobs", "1"]);
  const together = await runQuorate([...few, "--json", "--jobs", "2"]);
  const others = await runQuorate([...few, "--json", "--jobs", "2", "--seed", "7"]);

  const { runs, failures, digest, first } = JSON.parse(alone.stdout);
  expect({ runs, failures, first }).toEqual({ runs: 6, failures: [], first: 1 });
  expect(together.stdout).toBe(alone.stdout);
  expect(JSON.parse(others.stdout).digest).not.toBe(digest);
});

test(
  "a core that is wrong ends with 1, the smallest run, its trace, and a test that compiles and fails",
  atMost,
  async () => {
    const traceFile = join(home, "traces/wrong");
    const { code, stdout } = await runQuorate(["simulate", wrongCore, "--runs", "200", "--trace", traceFile]);

    expect(code).toBe(1);
    const [, seed] = /^seed (\d+) fails: .*at most one member leads$/m.exec(stdout) ?? [];
    expect(stdout).toContain(`simulate ${wrongCore} --seed ${seed} --runs 1`);
    expect(stdout).toMatch(/^ {2}at \d+ ms: /m);
    expect(readFileSync(traceFile, "utf8")).toMatch(/"I lead"[\s\S]*at most one member leads\n$/);

    const scenario = join(home, "scenario.mts");
    writeFileSync(scenario, stdout.slice(stdout.indexOf("import { test }")));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
    const strict = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--allowJs"];
    const compiled = await new Program(compiler, [...strict, "--target", "es2023", ...types, scenario]).ended;
    const ran = await new Program("--import", ["tsx", scenario]).ended;
    expect(compiled.stdout).toBe("");
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("at most one member leads");
  },
);

test("a run that failed is repeated by its seed alone", atMost, async () => {
  const first = JSON.parse((await runQuorate(["simulate", wrongCore, "--json", "--runs", "200"])).stdout);
  const [{ seed, story }] = first.failures;

  const again = await runQuorate(["simulate", wrongCore, "--json", "--runs", "1", "--seed", String(seed)]);

  expect(JSON.parse(again.stdout).failures[0].story).toBe(story);
});

test("an interrupt stops it and sums up what was run so far", atMost, async () => {
  const program = new Program(quorate, ["simulate", "raft", "--runs", "100000", "--operations", "10", "--jobs", "2"]);
  await program.says("of 100,000 runs", "stderr");

  program.process.kill("SIGINT");

  const { code, stdout } = await program.ended;
  expect(code).toBe(130);
  expect(stdout).toMatch(/^raft, workload kv: [\d,]+ runs?, no run failed\n/);
});

test.runIf(process.versions.node.startsWith("20."))("a file of TypeScript is refused with what to do", async () => {
  const { code, stderr } = await runQuorate(["simulate", join(root, "examples/simulated-core.ts")]);

  expect(code).toBe(64);
  expect(stderr).toMatch(/simulated-core\.ts cannot be loaded: Node v20\.\S+ runs no such file by itself/);
  expect(stderr).toContain('NODE_OPTIONS="--import tsx" quorate simulate');
});

test("gossip is simulated with workloads of its own", atMost, async () => {
  const words = [
    "simulate",
    "gossip",
    "--workload",
    "bulk",
    "--members",
    "3",
    "--runs",
    "4",
    "--faults",
    "crash,arrange",
  ];
  const { code, stdout } = await runQuorate(words);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^gossip, workload bulk: 4 runs, no run failed\n/);
});

test("total order is simulated alike, and says how many groups could not go on", atMost, async () => {
  const words = ["simulate", "total-order", "--members", "3", "--runs", "6", "--faults", "crash,split,leave"];
  const { code, stdout } = await runQuorate(words);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^total-order, workload multicast: 6 runs, no run failed\n/);
  expect(stdout).toMatch(/majority lost +\d+/);
});

test("without a name it says what can be simulated", async () => {
  const { code, stdout } = await runQuorate(["simulate"]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^raft: .*\n {2}workloads +kv, register, stack, log\n {2}faults +crash, /);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

/** Another Node to compare with: `OTHER_NODE`, or one on the path that is called by its version. */
function otherNode(): string | undefined {
  const names = ["node22", "node24", "node25", "node26"];
  const found = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return process.env.OTHER_NODE ?? found.find((file) => existsSync(file));
}

const other = otherNode();
if (other === undefined) console.warn("traces are not compared with another Node: set OTHER_NODE to one");

test.skipIf(other === undefined)("another Node writes the same trace, byte for byte", atMost, async () => {
  const files = [join(home, "this.trace"), join(home, "other.trace")];
  const digests = [process.execPath, other ?? ""].map((node, at) => {
    const args = [quorate, ...few, "--json", "--trace", files[at] ?? ""];
    return JSON.parse(spawnSync(node, args, { encoding: "utf8" }).stdout).digest;
  });

  expect(digests[1]).toBe(digests[0]);
  const [mine = "", theirs = ""] = files.map((file) => readFileSync(file, "utf8"));
  expect(mine.length).toBeGreaterThan(10_000);
  expect(theirs === mine).toBe(true);
});
