import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, isRunning, Program, quorate, runQuorate } from "../support/processes.ts";
import { SmallDisks } from "../support/small-disks.ts";

const standIn = fileURLToPath(new URL("../support/stand-in-maelstrom.js", import.meta.url));
const brief = ["--node-count", "2", "--time-limit", "1", "--rate", "40", "--recovery", "0.5"];
const disks = SmallDisks.make(["store"], 1);
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-workbench-"));
});
afterAll(() => {
  rmSync(home, { recursive: true });
  disks?.[Symbol.dispose]();
});

function maelstrom(workload: string, behaviour: string, ...options: string[]): Promise<Ended> {
  const words = ["-w", workload, ...brief, "--store", home, ...options, "--", "node", standIn, behaviour];
  return runQuorate(["maelstrom", "test", ...words]);
}

test("a good node is valid: figures on stdout, and all that happened in the store", async () => {
  const { code, stdout } = await maelstrom("broadcast", "good", "--seed", "7", "--latency", "20");

  expect(code).toBe(0);
  expect(stdout).toMatch(/^valid: broadcast, 2 nodes, [\d.]+ s, seed 7\n/);
  expect(stdout).toMatch(/operations +\d+: \d+ ok, 0 failed, 0 unknown; availability 1\.0000/);
  expect(stdout).toMatch(/messages +\d+ between servers, [\d.]+ an operation; \d+ in all/);
  expect(stdout).toMatch(/ p50 +p95 +p99 +max\n/);
  const directory = join(home, "latest");
  expect(readdirSync(directory).sort()).toEqual(
    ["history.jsonl", "messages.jsonl", "node-logs", "report.html", "results.json"].sort(),
  );
  expect(readFileSync(join(directory, "node-logs/n1.log"), "utf8")).toBe("n1 behaves good\n");
  const results = JSON.parse(readFileSync(join(directory, "results.json"), "utf8"));
  expect(results).toMatchObject({ valid: true, workload: "broadcast", seed: 7, parts: { nodes: { valid: true } } });
  const history = readFileSync(join(directory, "history.jsonl"), "utf8").trim().split("\n");
  expect(history).toHaveLength(results.events);
  expect(JSON.parse(history.at(-1) ?? "")).toMatchObject({ type: "ok", f: "read", final: true });
  expect(readlinkSync(join(home, "broadcast/latest"))).toMatch(/^\d{8}T/);
});

test.concurrent.each([
  ["wrong", "echo", 1, /workload is invalid:\n {2}wrong-echo: /],
  ["wrong", "unique-ids", 1, /workload is invalid:/],
  ["wrong", "pn-counter", 1, /workload is invalid:\n {2}wrong-sum: /],
  [
    "crashing",
    "echo",
    1,
    /crash: node n\d ended by itself: exit code 3; the end of its stderr:\n.*\n +cannot go on: out of/,
  ],
  ["garbage", "echo", 1, /misprint: node n\d printed a line that is not JSON .*"debug: got a request"/],
  ["stray", "echo", 1, /misprint: node n\d printed a line that is for n99, which does not exist/],
  ["malformed", "broadcast", 1, /malformed-reply: node n\d: `messages` of a read_ok must be a list, and is 5/],
  ["refusing", "echo", 1, /no-success: None of \d+ requests of echo succeeded/],
  ["slow", "echo", 0, /^valid: echo/],
] as const)("a node that is %s in %s is told as what it is", async (behaviour, workload, expected, told) => {
  const { code, stdout } = await maelstrom(workload, behaviour, "--seed", "1");

  expect(stdout).toMatch(told);
  expect(code).toBe(expected);
});

test.concurrent("a silent node is neither right nor wrong", async () => {
  const options = ["--node-count", "2", "--concurrency", "2", "--latency", "0", "--nodes", "n0,n1"];
  const { code, stdout } = await maelstrom("lin-kv", "silent", ...options);

  expect(stdout).toMatch(
    /nodes is unknown:\n {2}silent: node n\d answered none of \d+ requests; does it flush .*\?; the end of its stderr:/,
  );
  expect(code).toBe(1); // no request of any kind succeeded, so nothing was tested
});

test.concurrent("nobody is told the topology before all have answered init", async () => {
  const { code } = await maelstrom("broadcast", "late", "--store", join(home, "late"), "--rate", "0");

  const lines = readFileSync(join(home, "late/latest/messages.jsonl"), "utf8").trim().split("\n");
  const types = lines.map((line) => JSON.parse(line).body.type);
  expect(types.lastIndexOf("init_ok")).toBeLessThan(types.indexOf("topology"));
  expect(types.filter((type) => type === "topology_ok")).toHaveLength(2);
  expect(code).toBe(2); // nobody read anything
});

test.concurrent("nodes that each keep values of their own are not linearizable; one alone is", async () => {
  const options = ["--concurrency", "4", "--rate", "100", "--seed", "1"];

  const [two, one] = await Promise.all([
    maelstrom("lin-kv", "good", ...options),
    maelstrom("lin-kv", "good", ...options, "--node-count", "1"),
  ]);

  expect(two.stdout).toMatch(/^INVALID: lin-kv[\s\S]*nonlinearizable: /);
  expect([two.code, one.code]).toEqual([1, 0]);
});

test.concurrent("who tells others only once loses messages where who repeats loses none", async () => {
  const options = ["--p-loss", "0.4", "--seed", "3", "--recovery", "3"];

  const forgetful = maelstrom("broadcast", "forgetful", ...options);
  const good = maelstrom("broadcast", "good", ...options);

  expect((await forgetful).stdout).toMatch(/lost: \d+ was added at/);
  expect([(await forgetful).code, (await good).code]).toEqual([1, 0]);
});

test.concurrent("a fast test leaves nodes the time that their own timers take before it reads for the last time", async () => {
  const start = performance.now();
  const { code, stdout } = await maelstrom("broadcast", "lazy", "--fast", "--time-limit", "60", "--recovery", "4");

  expect(stdout).toMatch(/^valid: broadcast, 2 nodes/);
  expect(code).toBe(0);
  expect(performance.now() - start).toBeLessThan(30_000);
});

test.concurrent("killed, frozen and cut off nodes go on, and the report has the faults", async () => {
  const faults = ["--nemesis", "kill,pause,one-way,partition", "--nemesis-interval", "0.3", "--time-limit", "3"];
  const { stdout } = await maelstrom("unique-ids", "good", ...faults, "--node-count", "3", "--seed", "5", "--json");

  const results = JSON.parse(stdout);
  expect(new Set(results.faults.map(({ kind }: { kind: string }) => kind)).size).toBe(4);
  expect(results.parts.nodes).toMatchObject({ valid: true, anomalies: [] });
});

test("the same seed asks the same", async () => {
  const requestsOf = async (): Promise<string[]> => {
    await maelstrom("echo", "good", "--seed", "11", "--concurrency", "20");
    const lines = readFileSync(join(home, "echo/latest/history.jsonl"), "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line)).flatMap(({ type, value }) => (type === "invoke" ? value : []));
  };

  const [once, again] = [await requestsOf(), await requestsOf()];

  const count = Math.min(once.length, again.length);
  expect(count).toBeGreaterThan(10);
  expect(again.slice(0, count)).toEqual(once.slice(0, count));
});

test.concurrent("when it is interrupted no node stays behind", async () => {
  const words = ["-w", "broadcast", ...brief, "--time-limit", "60", "--store", home, "--log-net-send"];
  const program = new Program(quorate, ["maelstrom", "test", ...words, "--", "node", standIn]);
  await program.says("gossip", "stderr");
  const children = readFileSync(`/proc/${program.process.pid}/task/${program.process.pid}/children`, "utf8");

  program.process.kill("SIGINT");
  const { code, stderr } = await program.ended;

  expect(code).toBe(130);
  expect(stderr).toMatch(/interrupted; what the nodes wrote is in .*node-logs/);
  expect(children.trim().split(" ")).toHaveLength(2);
  expect(children.trim().split(" ").map(Number).filter(isRunning)).toEqual([]);
});

test.concurrent("a program that cannot be started is told as that", async () => {
  const words = ["-w", "echo", "--store", home, "--", "./no-such-node"];
  const { code, stdout } = await runQuorate(["maelstrom", "test", ...words]);

  expect(stdout).toMatch(/crash: node n1 could not be started: there is no program \.\/no-such-node\n/);
  expect(code).toBe(1);
});

test.skipIf(disks === undefined)("on a full disk the verdict is told, and that it could not be kept", async () => {
  const store = (disks as SmallDisks).directory("store");
  mkdirSync(store);
  disks?.fill("store");

  const { code, stderr } = await maelstrom("echo", "good", "--store", store);

  expect(stderr).toMatch(/could not be kept \(ENOSPC.*\n\nvalid: echo/);
  expect(code).toBe(74);
});

test.concurrent("a challenge is taken with its settings, and judged by its bounds", async () => {
  const words = ["glomers", "1", "--time-limit", "1", "--store", home, "--", "node", standIn];
  const { code, stdout } = await runQuorate(["maelstrom", ...words]);

  expect(stdout).toMatch(/^challenge 1: Echo\nvalid: echo, 1 node,/);
  expect(code).toBe(0);
});

test.concurrent.each([
  ["js", "node.mjs", ["node"]],
  ["ts", "node.mts", ["node", "--import", "tsx"]],
] as const)("a starter node in %s passes the first challenge, and is not overwritten", async (language, file, run) => {
  const folder = join(home, `starter-${language}`);
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}"); // says nothing of modules
  symlinkSync(fileURLToPath(new URL("../../", import.meta.url)), join(folder, "node_modules/quorate"));

  const init = ["init", "maelstrom", folder, "--language", language];
  const first = await runQuorate(init);
  const second = await runQuorate(init);
  const words = ["glomers", "1", "--time-limit", "1", "--store", home, "--", ...run, join(folder, file)];
  const challenge = await runQuorate(["maelstrom", ...words]);

  expect([first.code, second.code, challenge.code]).toEqual([0, 64, 0]);
  expect(first.stdout).toContain(`-- ${run.join(" ")} ${join(folder, file)}`);
  expect(second.stderr).toContain(`${file} is there already, and stays as it is`);
});

test("the store is served to a browser, and nothing beside it", async () => {
  await maelstrom("echo", "good");
  execFileSync("mkfifo", [join(home, "pipe")]);
  symlinkSync("/etc", join(home, "etc"));
  const program = new Program(quorate, ["maelstrom", "serve", "--store", home, "--port", "0"]);
  await program.says("http://");
  const get = (path: string, host?: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const url = new URL(program.stdout.trim());
      const options = { host: url.hostname, port: url.port, path, agent: false, ...(host && { headers: { host } }) };
      request(options, (response) => {
        let text = "";
        response.on("data", (data) => {
          text += data;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      })
        .on("error", reject)
        .end();
    });

  expect((await get("/")).text).toMatch(/<a href="\/echo\/\d{8}T[\d.]+\/report.html">echo<\/a>/);
  expect((await get("/echo/latest/report.html")).text).toMatch(/^<!doctype html>/);
  expect((await get("/latest/node-logs/n0.log")).text).toBe("n0 behaves good\n");
  for (const path of [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/%00",
    "/%",
    "/none",
    "/pipe",
    "/etc/passwd",
  ]) {
    expect((await get(path)).status, path).toBe(404);
  }
  expect((await get("/", "evil.example")).status).toBe(403);
  program.process.kill("SIGTERM");
  expect((await program.ended).code).toBe(0);
  expect(existsSync(join(home, "latest/report.html"))).toBe(true);
});
