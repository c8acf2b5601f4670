import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { killChild, nextMessage, startChild } from "../../test/support/children.ts";
import { openDirectory, protocolOf, storageOf } from "./directory.ts";
import { lockDirectory } from "./directory-lock.ts";

const identity = { nodeId: "n1", clusterId: "c1" };
let path = "";

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "quorate-directory-")), "data");
  return () => rm(join(path, ".."), { recursive: true });
});

describe("a data directory", () => {
  test("is made, and remembers whose it is", async () => {
    const made = await openDirectory(path, identity);
    await made.close();

    const again = await openDirectory(path, { nodeId: "n1", clusterId: "other" });
    await again.close();

    expect(made).toMatchObject({ isNew: true, clusterId: "c1" });
    expect(again).toMatchObject({ isNew: false, clusterId: "c1", walPath: join(path, "wal") });
    expect(JSON.parse(await readFile(join(path, "node.json"), "utf8"))).toEqual({ version: 1, ...identity });
  });

  test("of another node is refused, and left free", async () => {
    await (await openDirectory(path, identity)).close();

    const other = openDirectory(path, { nodeId: "n2", clusterId: "c1" });

    await expect(other).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });
    await (await openDirectory(path, identity)).close();
  });

  test("of a later release is refused", async () => {
    await mkdir(path);
    await writeFile(join(path, "node.json"), JSON.stringify({ version: 4 }));

    await expect(openDirectory(path, identity)).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });
  });

  test("keeps its data in what it was made with, and says so to releases that know it", async () => {
    const made = await openDirectory(path, { ...identity, storage: "lmdb" });
    await made.close();

    const again = await openDirectory(path, identity);
    await again.close();

    const stored = { version: 2, ...identity, storage: "lmdb" };
    expect([made.storage, again.storage, await storageOf(path)]).toEqual(["lmdb", "lmdb", "lmdb"]);
    expect(JSON.parse(await readFile(join(path, "node.json"), "utf8"))).toEqual(stored);
  });

  test("holds the log of the protocol that it was made with, and another one is refused with the lines to type", async () => {
    const made = await openDirectory(path, { ...identity, protocol: "multi-paxos" });
    await made.close();
    const again = await openDirectory(path, identity);
    await again.close();

    const other = openDirectory(path, { ...identity, protocol: "raft" });

    await expect(other).rejects.toMatchObject({ code: "QUORATE_WRONG_PROTOCOL", stored: "multi-paxos", asked: "raft" });
    await expect(other).rejects.toThrow(/quorate snapshot save FILE.*quorate snapshot restore FILE --protocol raft/);
    expect([made.protocol, again.protocol, await protocolOf(path)]).toEqual(Array(3).fill("multi-paxos"));
    const stored = { version: 3, ...identity, storage: "wal", protocol: "multi-paxos" };
    expect(JSON.parse(await readFile(join(path, "node.json"), "utf8"))).toEqual(stored);
  });

  test.each([
    ["wal", "lmdb"],
    ["lmdb", "wal"],
  ] as const)(
    "that keeps its data in %s is refused with the line to type when %s is asked for",
    async (stored, asked) => {
      await (await openDirectory(path, { ...identity, storage: stored })).close();

      const other = openDirectory(path, { ...identity, storage: asked });

      await expect(other).rejects.toMatchObject({
        code: "QUORATE_WRONG_STORAGE",
        message: expect.stringContaining(`quorate storage convert ${path} --to ${asked}`),
      });
      await (await openDirectory(path, { ...identity, storage: stored })).close();
    },
  );

  test("that keeps its data in something unknown is refused", async () => {
    await mkdir(path);
    await writeFile(join(path, "node.json"), JSON.stringify({ version: 2, ...identity, storage: "paper" }));

    await expect(openDirectory(path, identity)).rejects.toMatchObject({
      code: "QUORATE_WRONG_DIRECTORY",
      message: expect.stringContaining("keeps its data in paper"),
    });
  });

  test.each(["", "null", "{", '{"version":1}', '{"version":0,"nodeId":"n1","clusterId":"c1"}'])(
    "with a node.json of %j is refused as damaged",
    async (text) => {
      await mkdir(path);
      await writeFile(join(path, "node.json"), text);

      await expect(openDirectory(path, identity)).rejects.toMatchObject({ code: "QUORATE_CORRUPTION" });
    },
  );

  test("that is a file is refused", async () => {
    await writeFile(path, "");

    await expect(openDirectory(path, identity)).rejects.toMatchObject({ code: "QUORATE_WRONG_DIRECTORY" });
  });
});

describe("the lock of a data directory", () => {
  test("keeps the same process out, and names it", async () => {
    const held = await openDirectory(path, identity);

    const second = openDirectory(path, identity);

    await expect(second).rejects.toMatchObject({
      code: "QUORATE_DIRECTORY_LOCKED",
      message: expect.stringContaining(`process ${process.pid};`),
    });
    await held.close();
    await (await openDirectory(path, identity)).close();
  });

  test("goes to one of several processes that start at once, and after its death to the next", {
    timeout: 60_000,
  }, async () => {
    const children = Array.from({ length: 4 }, () => startChild("lock-child.ts", path));
    for (const child of children) onTestFinished(() => killChild(child));
    expect(new Set(await Promise.all(children.map(nextMessage)))).toEqual(new Set(["ready"]));

    const answers = children.map(nextMessage);
    for (const child of children) child.send("go");

    const held = await Promise.all(answers);
    expect(held.filter((answer) => answer === "held").length).toBeLessThanOrEqual(1);
    for (const answer of held) expect(["held", "QUORATE_DIRECTORY_LOCKED"]).toContain(answer);
    const holder = children[held.indexOf("held")];
    if (holder !== undefined) await expect(openDirectory(path, identity)).rejects.toThrow(`process ${holder.pid};`);
    for (const child of children) await killChild(child);
    await (await openDirectory(path, identity)).close();
  });

  test.runIf(process.platform === "linux")("left by a process whose number is used again is stale", async () => {
    const own = await ownClaim();
    await leave({ ...own, started: "1" });

    const directory = await openDirectory(path, identity);

    expect(await readdir(join(path, "lock"))).toHaveLength(1);
    await directory.close();
    expect(await readdir(join(path, "lock"))).toEqual([]);
  });

  test.runIf(process.platform === "linux")("left before the machine was started anew is stale", async () => {
    await leave({ ...(await ownClaim()), boot: "0123456789abcdef" });

    await (await openDirectory(path, identity)).close();

    expect(await readdir(join(path, "lock"))).toEqual([]);
  });

  test.runIf(process.platform === "linux")("of another container counts while it is touched", async () => {
    const lock = join(path, "lock");
    const file = await leave({ ...(await ownClaim()), namespace: "1" });
    const touching = setInterval(() => void writeFile(file, "x"), 10);
    onTestFinished(() => clearInterval(touching));

    await expect(lockDirectory(path, lock, 40)).rejects.toMatchObject({ code: "QUORATE_DIRECTORY_LOCKED" });
    clearInterval(touching);

    await (await lockDirectory(path, lock, 40))();
    expect(await readdir(lock)).toEqual([]);
  });

  test("is not disturbed by files that are no claims", async () => {
    await mkdir(join(path, "lock"), { recursive: true });
    await writeFile(join(path, "lock", ".notes"), "");

    await (await openDirectory(path, identity)).close();

    expect(await readdir(join(path, "lock"))).toEqual([".notes"]);
  });
});

/** The claim that this process would make. */
async function ownClaim(): Promise<Record<"pid" | "started" | "namespace" | "boot" | "host", string>> {
  const stat = await readFile("/proc/self/stat", "latin1");
  return {
    pid: String(process.pid),
    started: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "",
    namespace: (await readlink("/proc/self/ns/pid")).replace(/\D/g, ""),
    boot: (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).replace(/[^0-9a-f]/g, ""),
    host: hostname().replace(/[^A-Za-z0-9-]/g, "-"),
  };
}

/** Puts a claim into the directory as another process would have left it. */
async function leave(claim: Record<"pid" | "started" | "namespace" | "boot" | "host", string>): Promise<string> {
  const lock = join(path, "lock");
  await mkdir(lock, { recursive: true });
  const { pid, started, namespace, boot, host } = claim;
  const file = join(lock, [pid, started, namespace, boot, host, "00"].join("."));
  await writeFile(file, "");
  return file;
}
