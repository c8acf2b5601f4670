import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Program, quorate, runQuorate } from "../support/processes.ts";

let home: string;
let started: Program[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-serve-"));
  started = [];
});
afterEach(async () => {
  for (const program of started) program.process.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(home, { recursive: true });
});

const peer = 20_000 + Math.floor(Math.random() * 10_000);
const settings = (name: string): string[] => {
  return ["--id", "n1", "--cluster", `n1=127.0.0.1:${peer}`, "--port", "0", "--data-dir", join(home, name)];
};

/** Starts a node that is a cluster by itself, and gives its address once it leads. */
async function serve(...flags: string[]): Promise<{ program: Program; url: string }> {
  const program = new Program(quorate, ["serve", ...settings("data"), ...flags]);
  started.push(program);
  await program.says('"msg":"n1 leads"', "stderr");
  const url = /"url":"([^"]+)"/.exec(program.stderr)?.[1] ?? "";
  return { program, url };
}

test("a node answers what it acknowledged before SIGTERM, and exits with 0 within 5 s", async () => {
  const first = await serve();
  await runQuorate(["kv", "put", "a", "1", "--endpoints", first.url]);
  const asked = performance.now();
  first.program.process.kill("SIGTERM");
  const { code, stdout } = await first.program.ended;
  const tookMs = performance.now() - asked;

  const second = await serve();
  const got = await runQuorate(["kv", "get", "a", "--endpoints", second.url]);

  expect([code, stdout]).toEqual([0, ""]);
  expect(tookMs).toBeLessThan(5000);
  expect(got.stdout).toBe("1\n");
});

test("a directory in use, a taken port and an address others can reach are refused with 64", async () => {
  const { program, url } = await serve();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const port = (taken.address() as { port: number }).port;

  const locked = await runQuorate(["serve", ...settings("data")]);
  const open = await runQuorate(["serve", ...settings("other"), "--host", "0.0.0.0", "--listen", "127.0.0.1:1999"]);
  const busy = await runQuorate(["serve", ...settings("third"), "--listen", "127.0.0.1:1998", "--port", String(port)]);
  taken.close();

  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect([locked.code, open.code, busy.code]).toEqual([64, 64, 64]);
  expect(locked.stderr).toContain(`process ${program.process.pid}`);
  expect(open.stderr).toContain("insecure");
  expect(busy.stderr).toContain(`${port} is taken`);
});

test("a flipped bit in the log is refused with 74, naming file and offset", async () => {
  const { program, url } = await serve();
  for (const value of ["1", "2", "3"]) await runQuorate(["kv", "put", "a", value, "--endpoints", url]);
  program.process.kill("SIGTERM");
  await program.ended;
  const wal = join(home, "data", "wal");
  const file = join(wal, readdirSync(wal).sort()[0] ?? "");
  const bytes = readFileSync(file);
  const early = 100; // within the first frame, so that many good ones follow
  bytes[early] = (bytes[early] ?? 0) ^ 1;
  writeFileSync(file, bytes);

  const { code, stderr } = await runQuorate(["serve", ...settings("data")]);

  expect(code).toBe(74);
  expect(stderr).toContain("QUORATE_CORRUPTION");
  expect(stderr).toMatch(/\.wal is damaged at byte \d+/);
});

test("-v prints every message sent", async () => {
  const members = `n1=127.0.0.1:${peer},n2=127.0.0.1:1`;
  const program = new Program(quorate, ["serve", ...settings("data"), "--cluster", members, "-v"]);
  started.push(program);

  await program.says('"msg":"to n2"', "stderr");

  expect(program.stderr).toMatch(/"peer":"n2","message":\{"kind":"\w+"/);
});

test("SIGHUP rereads the level of the log from the file", async () => {
  const config = join(home, "node.yaml");
  writeFileSync(config, "log-level: info\n");
  const { program } = await serve("--config", config);

  writeFileSync(config, "log-level: debug\n");
  program.process.kill("SIGHUP");

  await program.says("log level is debug", "stderr");
});
