import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DatabaseFile } from "../../src/runtime/lmdb/pages.ts";
import { Program, quorate, runQuorate } from "../support/processes.ts";
import { Pushers } from "../support/pushers.ts";
import { ServedCluster, type ServedNode } from "../support/served-cluster.ts";
import { createStack, post, readSize } from "../support/stack-client.ts";
import { expectEachOnceEverywhere } from "../support/stored-stacks.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
let home = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "quorate-storage-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** A node alone, with some in its stack, ended. */
async function filled(cluster: ServedCluster): Promise<ServedNode> {
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error("one node was started");
  await createStack(node.url, "1");
  for (let at = 0; at < 20; at++) await post(node.url, "/sPush", `1,value ${at}`);
  await node.stop();
  return node;
}

/** Where a text lies in a database; LMDB leaves older pages about, which nobody reads any more. */
function placeOf(path: string, text: string): number {
  const file = DatabaseFile.open(path);
  try {
    for (const value of file.values()) {
      const at = Buffer.from(file.read(value)).indexOf(text);
      if (at >= 0) return value.offset + at;
    }
    throw new Error(`${text} is not in ${path}`);
  } finally {
    file.close();
  }
}

/** The last line that a node said before it ended. */
function fatal(node: ServedNode): { level: number; msg: string; err: { code: string } } {
  return JSON.parse(node.said.trim().split("\n").at(-1) as string);
}

test("nodes in lmdb, killed one by one and all at once under load, lose nothing", async () => {
  await using cluster = await ServedCluster.start(3, ["--storage", "lmdb"]);
  await createStack(cluster.urls[0] as string, "1");
  const load = new Pushers(cluster.urls, "1");

  for (let kill = 0; kill < 3; kill++) {
    await load.more(100);
    const leader = await cluster.leader();
    await leader.kill();
    await load.more(100);
    leader.start();
    await leader.ready();
  }
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  cluster.startAll();
  await load.more(200);
  await load.stop();

  console.log(load.report("nodes in lmdb killed"));
  for (const { directory } of cluster.nodes)
    expect(readdirSync(directory).sort()).toEqual(["lmdb", "lock", "node.json"]);
  await expectEachOnceEverywhere(cluster, load);
});

test("a node in lmdb with one bit flipped refuses to start, and names file and byte; verify says the same", async () => {
  await using cluster = await ServedCluster.start(1, ["--storage", "lmdb"]);
  const node = await filled(cluster);
  const file = join(node.directory, "lmdb", "data.mdb");
  const bytes = readFileSync(file);
  const at = placeOf(file, "value 7");
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);

  const verified = await runQuorate(["storage", "verify", node.directory]);
  node.start();
  const { code } = await node.end();

  expect([verified.code, code]).toEqual([74, 74]);
  expect(verified.stderr).toContain(`${file} is damaged at byte `);
  expect(fatal(node).err.code).toBe("QUORATE_CORRUPTION");
  const named = Number(/ at byte (\d+)/.exec(fatal(node).msg)?.[1]);
  expect(at - named).toBeGreaterThanOrEqual(0);
  expect(at - named).toBeLessThan(4096);
});

test("another storage than the directory has is refused, with the line that changes it", async () => {
  await using cluster = await ServedCluster.start(1);
  const node = await filled(cluster);

  node.start("--storage", "lmdb");
  const { code } = await node.end();
  const line = /quorate (storage convert \S+ --to lmdb)/.exec(fatal(node).msg)?.[1] ?? "";
  const forgetful = await runQuorate(["serve", ...node.args, "--storage", "memory"]);
  const before = await runQuorate(["storage", "inspect", node.directory, "--json"]);
  const converted = await runQuorate(line.split(" "));
  const after = await runQuorate(["storage", "inspect", node.directory, "--json"]);
  node.start();
  await node.ready();
  const size = await readSize(node.url, "1");

  expect([code, fatal(node).err?.code ?? "QUORATE_WRONG_STORAGE"]).toEqual([64, "QUORATE_WRONG_STORAGE"]);
  expect([forgetful.code, forgetful.stderr]).toEqual([64, expect.stringContaining("not in memory")]);
  expect(converted).toMatchObject({ code: 0, stdout: expect.stringContaining("in lmdb now") });
  const entries = (text: string) => text.split("\n").filter((item) => item.includes('"kind":"entry"'));
  expect(entries(after.stdout)).toEqual(entries(before.stdout));
  expect(entries(after.stdout)).toHaveLength(21);
  expect(size.text).toBe("20");
  expect(readdirSync(node.directory).sort()).toEqual(["lmdb", "lock", "node.json"]);
});

test("a conversion killed at any moment leaves the directory usable, with all that was in it", async () => {
  await using cluster = await ServedCluster.start(1, ["--request-bytes-max", "8388608"]);
  const node = cluster.nodes[0] as ServedNode;
  await createStack(node.url, "1");
  for (let at = 0; at < 12; at++) await post(node.url, "/sPush", `1,${at}${"x".repeat(1_000_000)}`);
  await node.stop();
  const entries = async (): Promise<string> => {
    const { stdout, stderr, code } = await runQuorate(["storage", "inspect", node.directory, "--json"]);
    if (code !== 0) throw new Error(stderr);
    return stdout
      .split("\n")
      .filter((item) => item.includes('"kind":"entry"'))
      .join("\n");
  };
  const wanted = await entries();
  const ends = new Set<string>();

  for (let round = 0; round < 6; round++) {
    const to = round % 2 === 0 ? "lmdb" : "wal";
    const convert = new Program(quorate, ["storage", "convert", node.directory, "--to", to]);
    const timer = setTimeout(() => convert.process.kill("SIGKILL"), 120 + 120 * round);
    ends.add((await convert.ended).signal ?? "done");
    clearTimeout(timer);
    expect(await entries()).toBe(wanted);
  }

  node.start();
  await node.ready();
  expect((await readSize(node.url, "1")).text).toBe("12");
  expect(ends).toContain("SIGKILL");
});

test("without the package, lmdb is refused with the command that installs it, and everything else works", async () => {
  mkdirSync(join(home, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!/lmdb|msgpackr/.test(name)) symlinkSync(join(root, "node_modules", name), join(home, "node_modules", name));
  }
  for (const name of ["bin", "dist", "package.json"]) cpSync(join(root, name), join(home, name), { recursive: true });
  await using cluster = await ServedCluster.start(1, ["--storage", "lmdb"]);
  const node = await filled(cluster);
  const run = (...words: string[]) => new Program(join(home, "bin/quorate.js"), words).ended;

  const refused = await run("serve", ...node.args);
  const fresh = await run(
    "serve",
    "--id",
    "n1",
    "--cluster",
    "n1=127.0.0.1:1",
    "--storage",
    "lmdb",
    "--data-dir",
    home,
  );
  const verified = await run("storage", "verify", node.directory);
  const converted = await run("storage", "convert", node.directory, "--to", "wal");

  for (const { code, stderr } of [refused, fresh]) {
    expect([code, stderr]).toEqual([64, expect.stringContaining("npm install lmdb")]);
    expect(stderr).toContain("QUORATE_MISSING_PACKAGE");
  }
  expect([verified.code, converted.code]).toEqual([0, 0]);
});

test("a survivor goes on alone in lmdb, and a backup becomes a directory in lmdb", async () => {
  await using cluster = await ServedCluster.start(1, ["--storage", "lmdb", "--cluster-id", "old"]);
  const node = cluster.nodes[0] as ServedNode;
  await createStack(node.url, "1");
  for (let at = 0; at < 20; at++) await post(node.url, "/sPush", `1,value ${at}`);
  const backup = join(home, "backup");
  const saved = await runQuorate(["snapshot", "save", backup, "--endpoints", new URL(node.url).host]);
  await node.stop();
  const address = `127.0.0.1:${node.peerPort}`;
  const own = ["--data-dir", node.directory, "--id", "n1", "--address", address, "--cluster-id", "new"];

  const recovered = await runQuorate(["recover", "--unsafe", "--confirm", "old", ...own]);
  node.start("--cluster-id", "new");
  await node.ready();
  const alone = await readSize(node.url, "1");
  await node.stop();
  const dataDir = join(home, "restored");
  const place = ["--data-dir", dataDir, "--id", "n1", "--cluster", `n1=${address}`, "--storage", "lmdb"];
  const restored = await runQuorate(["snapshot", "restore", backup, ...place, "--cluster-id", "third"]);
  node.start("--cluster-id", "third", "--data-dir", dataDir);
  await node.ready();

  expect([saved.code, recovered.code, restored.code]).toEqual([0, 0, 0]);
  expect(alone.text).toBe("20");
  expect(readdirSync(dataDir).sort()).toEqual(["lmdb", "lock", "node.json"]);
  expect((await readSize(node.url, "1")).text).toBe("20");
});

test("cluster up runs on the storage asked for, says what memory risks, and refuses another one later", async () => {
  const directory = join(home, ".quorate");
  const up = (...words: string[]) => {
    const place = [
      "--dir",
      directory,
      "--nodes",
      "3",
      "--port-base",
      String(20_000 + Math.floor(Math.random() * 10_000)),
    ];
    return new Program(quorate, ["cluster", "up", ...place, ...words]);
  };
  const down = (...words: string[]) => runQuorate(["cluster", "down", "--dir", directory, ...words]);

  const inMemory = up("--storage", "memory");
  await inMemory.says("Paste into another terminal:");
  await down();
  const inLmdb = up("--storage", "lmdb");
  await inLmdb.says("Paste into another terminal:");
  const names = readdirSync(join(directory, "n2")).sort();
  await down();
  const inWal = await up("--storage", "wal").ended;
  const wiped = await down("--wipe");

  expect((await inMemory.ended).stderr).toContain("one that restarts has forgotten its entries and its vote");
  expect(names).toEqual(["lmdb", "lock", "node.json"]);
  expect([inWal.code, inWal.stderr]).toEqual([64, expect.stringContaining("quorate storage convert")]);
  expect(wiped.code).toBe(0);
});
