import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { fillDirectory, openAlone } from "../../test/support/data-directory.ts";

test.each([
  ["data-directory-v1", "wal", "raft"],
  ["data-directory-v2", "lmdb", "raft"],
  ["data-directory-v3", "wal", "multi-paxos"],
  ["of this release, in wal", "wal", "raft"],
  ["of this release, in lmdb", "lmdb", "raft"],
  ["of this release, by multi-paxos in wal", "wal", "multi-paxos"],
  ["of this release, by multi-paxos in lmdb", "lmdb", "multi-paxos"],
] as const)("a server's directory, %s, is read: snapshot, log, and what was answered", async (...given) => {
  const [name, storage, protocol] = given;
  const directory = await mkdtemp(join(tmpdir(), "quorate-fixture-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const fixture = fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url));
  if (existsSync(fixture)) await cp(fixture, directory, { recursive: true });
  else await fillDirectory(directory, storage, protocol);
  await using node = await openAlone(directory);

  const stack = await node.read({ machine: "stack", question: { kind: "get", stack: "1" } });
  const log = await node.read({ machine: "log", question: { kind: "read", from: 2, limit: 10 } });
  const kv = await node.read({ machine: "kv", question: { kind: "list", prefix: "", limit: 10 } });
  const push = (value: string, key: string) =>
    node.execute({ machine: "stack", command: { kind: "push", stack: "1", value } }, { key });
  const repeats = [await push("before", "key-before"), await push("after", "key-after")];
  const fresh = await push("fresh", "key-fresh");

  expect(node.status().snapshot).toBeGreaterThan(0);
  expect(stack).toEqual({ machine: "stack", reply: { kind: "stack", stack: "1", size: 2, top: "after" } });
  expect(log).toMatchObject({ reply: { entries: [{ index: 2, entry: "second" }], last: 2 } });
  expect(kv).toMatchObject({ reply: { keys: [{ key: "a" }], more: false } });
  expect(repeats.map(({ answer }) => answer)).toEqual([
    { kind: "pushed", size: 1 },
    { kind: "pushed", size: 2 },
  ]);
  expect(fresh.answer).toEqual({ kind: "pushed", size: 3 });
});
