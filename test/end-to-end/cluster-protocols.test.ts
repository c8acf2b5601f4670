import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAlone } from "../support/data-directory.ts";
import { Program, quorate, runQuorate } from "../support/processes.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-protocols-"));
});
afterEach(() => rmSync(home, { recursive: true }));

test("cluster up is ready with Multi-Paxos before anything is written, sees who takes over, and refuses Raft later", async () => {
  const place = ["--dir", join(home, ".quorate")];
  const base = String(20_000 + Math.floor(Math.random() * 10_000));
  const up = (...words: string[]) => new Program(quorate, ["cluster", "up", ...place, ...words]);
  const cluster = (...words: string[]) => runQuorate(["cluster", ...words, ...place]);
  const program = up("--protocol", "multi-paxos", "--port-base", base);
  await program.says("Paste into another terminal:");
  const [, first = ""] = /^(n\d) leads term/m.exec(program.stdout) ?? [];

  await cluster("kill", first);
  await program.says("(writes stopped for", "stdout");
  await cluster("down");
  const other = await up("--protocol", "raft").ended;

  expect(program.stdout).not.toContain("no leader for");
  expect(other).toMatchObject({ code: 64, stderr: expect.stringContaining("snapshot save") });
});

test("recover names the protocol of the survivor for those that join it", async () => {
  const dataDir = join(home, "n1");
  await (await openAlone(dataDir, "wal", "multi-paxos")).close();
  const { nodeId, clusterId } = JSON.parse(readFileSync(join(dataDir, "node.json"), "utf8"));
  const words = ["--data-dir", dataDir, "--id", nodeId, "--address", "127.0.0.1:1", "--confirm", clusterId];

  const { code, stdout } = await runQuorate(["recover", "--unsafe", ...words]);

  expect([code, stdout]).toEqual([0, expect.stringMatching(/--join .* --data-dir DIR --protocol multi-paxos$/m)]);
});
