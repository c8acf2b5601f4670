import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freeAddresses } from "../support/free-ports.ts";
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

test("a directory in use, a taken port and an address others can reach are refused with 64", async () => {
  const { program, url } = await serve();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const port = (taken.address() as { port: number }).port;

  const { spare = "" } = await freeAddresses("spare");

  const locked = await runQuorate(["serve", ...settings("data")]);
  const open = await runQuorate(["serve", ...settings("other"), "--host", "0.0.0.0", "--listen", spare]);
  const busy = await runQuorate(["serve", ...settings("third"), "--listen", spare, "--port", String(port)]);
  taken.close();

  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect([locked.code, open.code, busy.code]).toEqual([64, 64, 64]);
  expect(locked.stderr).toContain(`process ${program.process.pid}`);
  expect(open.stderr).toContain("insecure");
  expect(busy.stderr).toContain(`${port} is taken`);
});

test("-v prints every message sent", async () => {
  const members = `n1=127.0.0.1:${peer},n2=127.0.0.1:1`;
  const program = new Program(quorate, ["serve", ...settings("data"), "--cluster", members, "-v"]);
  started.push(program);

  await program.says('"msg":"to n2"', "stderr");

  expect(program.stderr).toMatch(/"peer":"n2","message":\{"kind":"\w+"/);
});
