import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openAlone } from "../../../test/support/data-directory.ts";
import { serve } from "../../../test/support/served.ts";
import { verifyBackup } from "../../runtime/backups/backup-file.ts";
import { restoreBackup } from "../../runtime/backups/restore.ts";

const fixture = fileURLToPath(new URL("../../../test/fixtures/backup-v1/objects.backup", import.meta.url));

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "quorate-backup-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("a backup of format 1 is restored: all machines, and what was answered", async () => {
  const dataDir = join(await newDirectory(), "n1");

  const info = await restoreBackup({ file: fixture, dataDir, id: "n1", members: { n1: "127.0.0.1:1" } });
  await using node = await openAlone(dataDir);
  const stack = await node.read({ machine: "stack", question: { kind: "get", stack: "1" } });
  const log = await node.read({ machine: "log", question: { kind: "read", from: 2, limit: 10 } });
  const kv = await node.read({ machine: "kv", question: { kind: "list", prefix: "", limit: 10 } });
  const push = { machine: "stack", command: { kind: "push", stack: "1", value: "before" } } as const;
  const repeated = await node.execute(push, { key: "key-before" });

  expect(info).toMatchObject({ nodeId: "n1", newClusterId: expect.stringMatching(/^restored-[0-9a-f]{8}$/) });
  expect(stack).toEqual({ machine: "stack", reply: { kind: "stack", stack: "1", size: 2, top: "after" } });
  expect(log).toMatchObject({ reply: { entries: [{ index: 2, entry: "second" }], last: 2 } });
  expect(kv).toMatchObject({ reply: { keys: [{ key: "a" }], more: false } });
  expect(repeated.answer).toEqual({ kind: "pushed", size: 1 });
});

test("GET /snapshot gives a whole backup, as long as it says", async () => {
  await using served = await serve();
  await served.send("PUT /", '{"key":"a","value":"1"}');
  const file = join(await newDirectory(), "saved");

  const response = await fetch(`${served.server.url}/snapshot`);
  const bytes = Buffer.from(await response.arrayBuffer());
  await writeFile(file, bytes);

  expect(response.headers.get("content-length")).toBe(String(bytes.length));
  expect(await verifyBackup(file)).toMatchObject({ clusterId: "test", nodeId: "n1", index: 2 });
});

test("without a leader it is refused, and more than four at once wait for nobody", async () => {
  await using served = await serve();
  served.node.mood = "leaderless";
  const refused = await served.send("GET /snapshot");
  served.node.mood = "held";
  const waiting = Array.from({ length: 4 }, () => served.send("GET /snapshot"));
  while (served.node.waiting < 4) await new Promise((resolve) => setImmediate(resolve));

  const fifth = await served.send("GET /snapshot");
  const head = await served.send("HEAD /snapshot");
  served.node.mood = "serving";
  const statuses = (await Promise.all(waiting)).map(({ status }) => status);
  const after = await served.send("GET /snapshot");

  expect(refused.text).toContain("QUORATE_NO_LEADER");
  expect([fifth.status, head.status, statuses, after.status]).toEqual([503, 200, [200, 200, 200, 200], 200]);
});
