import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Program, quorate, runQuorate } from "../support/processes.ts";
import { freePorts } from "../support/served-cluster.ts";

let directory: string;
let programs: Program[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "quorate-tls-"));
  programs = [];
});

afterEach(async () => {
  for (const { process } of programs) process.kill("SIGTERM");
  await Promise.all(programs.map(({ ended }) => ended));
  rmSync(directory, { recursive: true, force: true });
});

function start(args: readonly string[]): Program {
  const program = new Program(quorate, args);
  programs.push(program);
  return program;
}

test("a cluster with certificates serves who shows one, and nobody else; its clients need no more words", async () => {
  const certificates = join(directory, "certificates");
  const base = 20_000 + Math.floor(Math.random() * 8000);
  const up = start(["cluster", "up", "--tls", "--dir", directory, "--port-base", String(base), "--json"]);
  await up.says('"kind":"ready"');
  const [, port = ""] = /"http":(\d+)/.exec(up.stdout) ?? [];
  const ca = ["--cacert", join(certificates, "ca.pem")];
  const own = ["--cert", join(certificates, "client.pem"), "--key", join(certificates, "client-key.pem")];
  const at = (url: string) => ["--endpoints", url, "--timeout", "2s"];

  const put = await runQuorate(["kv", "put", "greeting", "hello", ...at(`127.0.0.1:${port}`), ...ca, ...own]);
  const got = await runQuorate(["kv", "get", "greeting", ...at(`https://127.0.0.1:${port}`)], {
    QUORATE_CACERT: join(certificates, "ca.pem"),
    QUORATE_CERT: join(certificates, "client.pem"),
    QUORATE_KEY: join(certificates, "client-key.pem"),
  });
  const nobody = await runQuorate(["kv", "get", "greeting", ...at(`127.0.0.1:${port}`), ...ca]);
  const untrusting = await runQuorate(["kv", "get", "greeting", ...at(`https://127.0.0.1:${port}`), ...own]);
  const plain = await runQuorate(["kv", "get", "greeting", ...at(`http://127.0.0.1:${port}`)]);
  const backup = await runQuorate([
    "snapshot",
    "save",
    join(directory, "b"),
    ...at(`127.0.0.1:${port}`),
    ...ca,
    ...own,
  ]);

  expect([put.code, got.stdout, backup.code]).toEqual([0, "hello\n", 0]);
  expect([nobody.code, untrusting.code, plain.code]).toEqual([69, 69, 69]);
  expect(untrusting.stderr).toContain("its certificate is signed by an authority that is not trusted");
  expect(readdirSync(certificates)).toContain("n3-key.pem");
});

test("without --insecure a node listens for others only where they must show certificates", async () => {
  const [peer = 0, http = 0] = await freePorts(2);
  const made = await runQuorate(["certificates", directory, "--ids", "n1", "--names", "node-1.internal,10.0.0.1"]);
  const node = ["serve", "--id", "n1", "--cluster", `n1=127.0.0.1:${peer}`, "--data-dir", join(directory, "n1")];
  const file = (name: string) => join(directory, name);
  const peerTls = ["--peer-cert", file("n1.pem"), "--peer-key", file("n1-key.pem"), "--peer-ca", file("ca.pem")];
  const tls = ["--tls-cert", file("n1.pem"), "--tls-key", file("n1-key.pem")];
  const open = ["--listen", `0.0.0.0:${peer}`, "--host", "0.0.0.0", "--port", String(http)];

  const bare = await runQuorate([...node, ...open.slice(0, 2)]);
  const links = await runQuorate([...node, ...open, ...peerTls]);
  const encrypted = await runQuorate([...node, ...open, ...peerTls, ...tls]);
  const half = await runQuorate([...node, "--peer-cert", file("n1.pem")]);
  const missing = await runQuorate([...node, ...peerTls.with(1, file("none.pem"))]);
  const whole = start([...node, ...open, ...peerTls, ...tls, "--tls-client-ca", file("ca.pem")]);
  await whole.says("n1 serves on https://0.0.0.0", "stderr");

  expect(made.stdout.split("\n")).toHaveLength(7);
  expect([bare.code, links.code, encrypted.code, half.code, missing.code]).toEqual([64, 64, 64, 64, 64]);
  expect(bare.stderr).toContain("--listen: 0.0.0.0 is not loopback");
  expect(links.stderr).toContain("--host: 0.0.0.0 is not loopback");
  expect(encrypted.stderr).toContain("demand certificates (--tls-client-ca)");
  expect(half.stderr).toContain("--peer-cert: give --peer-key, too");
  expect(missing.stderr).toContain("none.pem");
});
